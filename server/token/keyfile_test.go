package token_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kunci/server/token"
)

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	// change spoils a ring of two keys; first and second are their files.
	tests := []struct {
		name   string
		change func(t *testing.T, dir, first, second string)
		want   string // in the error
	}{
		{"folder open to the group", func(t *testing.T, dir, _, _ string) { chmod(t, dir, 0o750) }, "chmod 700"},
		{"key open to others", func(t *testing.T, _, first, _ string) { chmod(t, first, 0o604) }, "chmod 600"},
		{"links open to the group", func(t *testing.T, dir, _, _ string) { chmod(t, filepath.Join(dir, "links.json"), 0o660) }, "chmod 600"},
		{"folder is a link", func(t *testing.T, dir, _, _ string) { linkTo(t, dir) }, "symbolic link"},
		{"key is a link", func(t *testing.T, _, first, _ string) { linkTo(t, first) }, "symbolic link"},
		{"links is a link", func(t *testing.T, dir, _, _ string) { linkTo(t, filepath.Join(dir, "links.json")) }, "symbolic link"},
		{"a folder named as a key", func(t *testing.T, dir, _, _ string) { check(t, os.Mkdir(filepath.Join(dir, "x.json"), 0o700)) }, "x.json"},
		{"unknown .json", func(t *testing.T, dir, _, _ string) { write(t, filepath.Join(dir, "x.json"), "{}") }, "x.json"},
		{"not JSON", func(t *testing.T, _, first, _ string) { write(t, first, "k2.secret.x") }, "not a key file"},
		{"empty", func(t *testing.T, _, first, _ string) { write(t, first, "") }, "not a key file"},
		{"too large", func(t *testing.T, _, first, _ string) { write(t, first, strings.Repeat(" ", 5000)) }, "too large"},
		{"a member twice", func(t *testing.T, _, first, _ string) { write(t, first, `{"version":1,"version":1}`) }, "not a key file"},
		{"a member more", func(t *testing.T, _, first, _ string) { set(t, first, "note", "x") }, "not a key file"},
		{"newer version", func(t *testing.T, _, first, _ string) { set(t, first, "version", 2) }, "version 2"},
		{"no instance", func(t *testing.T, _, first, _ string) { set(t, first, "instance", "") }, "instance"},
		{"no date", func(t *testing.T, _, first, _ string) { set(t, first, "created", "0001-01-01T00:00:00Z") }, "damaged"},
		{"id of another", func(t *testing.T, _, first, second string) { set(t, first, "id", readObject(t, second)["id"]) }, "damaged"},
		{"secret of another", func(t *testing.T, _, first, second string) { set(t, first, "secret", readObject(t, second)["secret"]) }, "damaged"},
		{"a public key", func(t *testing.T, _, first, _ string) { set(t, first, "secret", "k2.public.AAAA") }, "damaged"},
		{"a short secret", func(t *testing.T, _, first, _ string) { set(t, first, "secret", "k2.secret.AAAA") }, "damaged"},
		{"public half of another", mixHalves, "damaged"},
		{"former without a time", func(t *testing.T, _, _, second string) {
			set(t, second, "former", map[string]any{"id": readObject(t, second)["former"].(map[string]any)["id"], "until": "0001-01-01T00:00:00Z"})
		}, "damaged"},
		{"former without an id", func(t *testing.T, _, _, second string) {
			set(t, second, "former", map[string]any{"id": "", "until": "2026-03-01T12:00:00Z"})
		}, "damaged"},
		{"a copy", func(t *testing.T, dir, first, _ string) { copyFile(t, first, filepath.Join(dir, "copy.json")) }, "same key"},
		{"a circle", func(t *testing.T, _, first, second string) {
			set(t, first, "former", map[string]any{"id": readObject(t, second)["id"], "until": "2026-03-01T12:00:00Z"})
		}, "circle"},
		{"two that sign", func(t *testing.T, _, _, second string) { set(t, second, "former", nil) }, "both sign"},
		{"a gap", func(t *testing.T, dir, _, second string) {
			r, err := token.Open(dir, instance)
			check(t, err)
			rotate(t, r, at(), at().Add(day))
			check(t, os.Remove(second))
		}, "both sign"},
		{"two after one", func(t *testing.T, dir, first, second string) {
			before := t.TempDir()
			copyAll(t, dir, before)
			check(t, os.Remove(filepath.Join(before, filepath.Base(second))))
			chmod(t, before, 0o700)
			r, err := token.Open(before, instance)
			check(t, err)
			rotate(t, r, at(), at().Add(day))
			copyAll(t, before, dir)
		}, "both follow"},
		{"no link secret", func(t *testing.T, dir, _, _ string) { check(t, os.Remove(filepath.Join(dir, "links.json"))) }, "missing"},
		{"short link secret", func(t *testing.T, dir, _, _ string) { set(t, filepath.Join(dir, "links.json"), "secret", "AAAA") }, "damaged"},
		{"newer link file", func(t *testing.T, dir, _, _ string) { set(t, filepath.Join(dir, "links.json"), "version", 9) }, "version 9"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, dir := newRing(t)
			first := keyPaths(t, dir)[0]
			rotate(t, r, at().Add(day), at().Add(30*day))
			second := keyPaths(t, dir)[1]
			secret := readObject(t, first)["secret"].(string)
			tt.change(t, dir, first, second)
			_, err := token.Open(dir, instance)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("%v, want %q in it", err, tt.want)
			}
			if errors.Is(err, token.ErrNoKeys) || strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "k2.secret.x") {
				t.Errorf("passes for a missing ring, or shows a secret: %v", err)
			}
			if has, err := token.Exists(dir); !has || err != nil {
				t.Errorf("Exists: %v, %v", has, err)
			}
			if _, err := token.Create(dir, instance, at()); !errors.Is(err, token.ErrHasKeys) {
				t.Errorf("Create: %v", err)
			}
		})
	}
}

func TestOtherInstance(t *testing.T) {
	t.Parallel()
	_, dir := newRing(t)
	_, err := token.Open(dir, "77aa")
	if !errors.Is(err, token.ErrInstance) || !strings.Contains(err.Error(), "77aa") || !strings.Contains(err.Error(), instance) {
		t.Errorf("%v", err)
	}
	set(t, filepath.Join(dir, "links.json"), "instance", "77aa")
	if _, err := token.Open(dir, instance); !errors.Is(err, token.ErrInstance) {
		t.Errorf("another's link secret: %v", err)
	}
	if _, err := token.Create(filepath.Join(t.TempDir(), "keys"), "", at()); err == nil {
		t.Error("created without an instance")
	}
}

func TestCrashLeftovers(t *testing.T) {
	t.Parallel()
	// Cut off in Create: a link secret, a half-written key, no key.
	dir := t.TempDir()
	chmod(t, dir, 0o700)
	write(t, filepath.Join(dir, "links.json"), `{"version":1,"instance":"elsewhere"`)
	write(t, filepath.Join(dir, ".new-1"), `{"version":`)
	if _, err := token.Open(dir, instance); !errors.Is(err, token.ErrNoKeys) {
		t.Errorf("Open: %v", err)
	}
	if has, err := token.Exists(dir); has || err != nil {
		t.Errorf("Exists: %v, %v", has, err)
	}
	r, err := token.Create(dir, instance, at())
	if err != nil {
		t.Fatal(err)
	}
	// Cut off in Rotate, and files that are not ours.
	write(t, filepath.Join(dir, ".new-2"), "")
	chmod(t, filepath.Join(dir, ".new-2"), 0o644)
	write(t, filepath.Join(dir, "README"), "keep this folder")
	again, err := token.Open(dir, instance)
	if err != nil {
		t.Fatal(err)
	}
	if err := verify(again, sign(t, r, claims()), at()); err != nil {
		t.Error(err)
	}
	if _, err := again.Prune(at()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "README")); err != nil {
		t.Errorf("Prune took a file that is not ours: %v", err)
	}
}

func TestCreateInAnOpenFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	chmod(t, dir, 0o755)
	if _, err := token.Create(dir, instance, at()); err == nil || !strings.Contains(err.Error(), "chmod 700") {
		t.Errorf("%v", err)
	}
	if names, err := os.ReadDir(dir); len(names) > 0 || err != nil {
		t.Errorf("a secret was written there: %v, %v", names, err)
	}
}

func TestExistsRefusesAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys")
	write(t, path, "")
	if _, err := token.Exists(path); err == nil {
		t.Error("a file passes for an empty folder")
	}
	if _, err := token.Create(path, instance, at()); err == nil {
		t.Error("created in a file")
	}
}

func FuzzKeyFile(f *testing.F) {
	_, dir := newRing(f)
	path := keyPaths(f, dir)[0]
	good, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("{}"))
	f.Add([]byte(`{"version":1,"instance":"6f1d1d0a","secret":"k2.secret.","former":{"id":"k2.pid."}}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		dir := t.TempDir()
		chmod(t, dir, 0o700)
		copyFile(t, filepath.Join(filepath.Dir(path), "links.json"), filepath.Join(dir, "links.json"))
		write(t, filepath.Join(dir, "1.json"), string(content))
		r, err := token.Open(dir, instance)
		if err != nil {
			return
		}
		if err := verify(r, sign(t, r, claims()), at()); err != nil {
			t.Fatalf("a ring that does not accept its own token: %v", err)
		}
	})
}

// mixHalves joins the first key's seed with the second key's public half.
func mixHalves(t *testing.T, _, first, second string) {
	t.Helper()
	half := func(path string) []byte {
		b, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(readObject(t, path)["secret"].(string), "k2.secret."))
		check(t, err)
		return b
	}
	mixed := append(half(first)[:32:32], half(second)[32:]...)
	set(t, first, "secret", "k2.secret."+base64.RawURLEncoding.EncodeToString(mixed))
	set(t, first, "id", readObject(t, second)["id"])
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func chmod(t testing.TB, path string, mode os.FileMode) {
	t.Helper()
	check(t, os.Chmod(path, mode))
}

func write(t testing.TB, path, content string) {
	t.Helper()
	check(t, os.WriteFile(path, []byte(content), 0o600))
}

// set changes one member of a JSON file; nil removes it.
func set(t testing.TB, path, name string, value any) {
	t.Helper()
	o := readObject(t, path)
	o[name] = value
	if value == nil {
		delete(o, name)
	}
	b, err := json.Marshal(o)
	check(t, err)
	write(t, path, string(b))
}

// linkTo moves a file away and leaves a symbolic link to it.
func linkTo(t testing.TB, path string) {
	t.Helper()
	away := filepath.Join(t.TempDir(), "away")
	check(t, os.Rename(path, away))
	check(t, os.Symlink(away, path))
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	check(t, err)
	write(t, to, string(b))
}

func copyAll(t testing.TB, from, to string) {
	t.Helper()
	entries, err := os.ReadDir(from)
	check(t, err)
	for _, e := range entries {
		copyFile(t, filepath.Join(from, e.Name()), filepath.Join(to, e.Name()))
	}
}
