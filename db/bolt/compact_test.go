package bolt_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"kunci/db"
	"kunci/db/bolt"
)

// entries are the keys and values of the spaces that fill writes.
func entries(t testing.TB, e *bolt.Engine) (all []string) {
	t.Helper()
	err := e.View(func(r db.Reader) error {
		for _, s := range []db.Space{"big", "middle", "small", "gone"} {
			r.Scan(s, nil, nil, func(k, v []byte) bool {
				all = append(all, fmt.Sprintf("%s %s %s", s, k, v))
				return true
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestCompact(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, copied := filepath.Join(dir, "kunci.db"), filepath.Join(dir, "copy.db")
	if err := bolt.Create(path, fill); err != nil {
		t.Fatal(err)
	}
	e := open(t, path)
	secret := []byte("what was deleted")
	update(t, e, func(w db.Writer) error {
		for i := range 2000 {
			w.Put("gone", fmt.Append(nil, i), bytes.Repeat(secret, 10))
		}
		return nil
	})
	update(t, e, func(w db.Writer) error {
		for i := range 2000 {
			w.Delete("gone", fmt.Append(nil, i))
		}
		return nil
	})
	want := entries(t, e)
	before, after, err := e.Compact(copied)
	if err != nil {
		t.Fatal(err)
	}
	if raw, err := os.ReadFile(path); err != nil || int64(len(raw)) != before || !bytes.Contains(raw, secret) {
		t.Fatalf("the file before: %v, %d bytes said; its free pages must hold what the copy may not", err, before)
	}
	raw, err := os.ReadFile(copied)
	if err != nil || int64(len(raw)) != after || after >= before/2 {
		t.Errorf("%v: %d bytes before, %d after, said %d", err, before, len(raw), after)
	}
	if bytes.Contains(raw, secret) {
		t.Error("what was deleted is in the copy")
	}
	if info, err := os.Stat(copied); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	other := open(t, copied)
	if got := entries(t, other); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%d entries became %d others", len(want), len(got))
	}
	if err := other.Check(nil); err != nil {
		t.Error(err)
	}
	update(t, other, put("a", "it can be written"))
	if got := read(t, other, "a"); got != "it can be written" {
		t.Errorf("the copy holds %q", got)
	}
}

func TestCompactRefuses(t *testing.T) {
	t.Parallel()
	e, path := create(t)
	before := hash(t, path)
	if _, _, err := e.Compact(path); !errors.Is(err, os.ErrExist) || hash(t, path) != before {
		t.Errorf("over itself: %v", err)
	}
	if _, _, err := e.Compact(filepath.Join(path, "copy.db")); err == nil {
		t.Error("where no file can be: it said nothing")
	}
}

// A copy of damaged pages could pass for the whole.
func TestCompactOfDamage(t *testing.T) {
	t.Parallel()
	raw := filled(t)
	leaves := pages(raw, 0x02)
	raw[leaves[len(leaves)/2]*uint64(os.Getpagesize())+8] = 0
	e, err := damaged(t, raw)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "copy.db")
	if _, _, err := e.Compact(copied); !errors.Is(err, db.ErrEngineDamaged) {
		t.Errorf("it says %v", err)
	}
	if _, err := os.Lstat(copied); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the copy still stands: %v", err)
	}
}

func TestMoved(t *testing.T) {
	t.Parallel()
	replace := func(path string) error {
		raw, err := os.ReadFile(path)
		return errors.Join(err, os.WriteFile(path+".new", raw, 0o600), os.Rename(path+".new", path))
	}
	tests := map[string]struct {
		act  func(path string) error
		want error
	}{
		"nothing":          {func(string) error { return nil }, nil},
		"touched":          {func(path string) error { return os.Chmod(path, 0o640) }, nil},
		"removed":          {os.Remove, bolt.ErrMoved},
		"renamed":          {func(path string) error { return os.Rename(path, path+".old") }, bolt.ErrMoved},
		"replaced":         {replace, bolt.ErrMoved},
		"the folder moved": {func(path string) error { return os.Rename(filepath.Dir(path), filepath.Dir(path)+".old") }, bolt.ErrMoved},
		"a file for the folder": {func(path string) error {
			dir := filepath.Dir(path)
			return errors.Join(os.Rename(dir, dir+".old"), os.WriteFile(dir, nil, 0o600))
		}, bolt.ErrMoved},
		"there and back": {func(path string) error {
			return errors.Join(os.Rename(path, path+".old"), os.Rename(path+".old", path))
		}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "data")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "kunci.db")
			if err := bolt.Create(path, nothing); err != nil {
				t.Fatal(err)
			}
			e := open(t, path)
			if err := e.Moved(); err != nil {
				t.Fatalf("before: %v", err)
			}
			if err := test.act(path); err != nil {
				t.Fatal(err)
			}
			if err := e.Moved(); !errors.Is(err, test.want) {
				t.Errorf("%v, want %v", err, test.want)
			}
			if err := e.Update(context.Background(), put("a", "x")); err != nil {
				t.Errorf("a write: %v", err)
			}
		})
	}
}

// What a file holds counts, not its bytes: a compacted one holds the same.
func TestSameAs(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kunci.db")
	if err := bolt.Create(path, fill); err != nil {
		t.Fatal(err)
	}
	e := open(t, path)
	copied, other, half := path+".copy", path+".other", path+".half"
	if _, _, err := e.Compact(copied); err != nil {
		t.Fatal(err)
	}
	if err := bolt.Create(other, func(w db.Writer) error { w.Put("small", []byte("a"), []byte("b")); return nil }); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(half, []byte("half a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]bool{copied: true, other: false, half: false, path + ".none": false} {
		if is, err := e.SameAs(file); is != want || err != nil {
			t.Errorf("%s: %v, %v", filepath.Base(file), is, err)
		}
	}
	if err := e.Update(t.Context(), func(w db.Writer) error { w.Put("small", []byte("new"), nil); return nil }); err != nil {
		t.Fatal(err)
	}
	if is, err := e.SameAs(copied); is || err != nil {
		t.Errorf("with a key more: %v, %v", is, err)
	}
}
