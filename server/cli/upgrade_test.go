package cli_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"kunci/db"
	"kunci/db/bolt"
	"kunci/server/token"
)

// older is a data folder as the first kunci left it, with so many accounts
// more than a few. It is a --dev one.
func older(t *testing.T, accounts int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	raw, err := os.ReadFile("../../testdata/store/schema-1.db")
	if err == nil {
		err = errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(filepath.Join(dir, "kunci.db"), raw, 0o600))
	}
	if err != nil {
		t.Fatal(err)
	}
	within(t, dir, func(_ *bolt.Engine, s *db.Store) error {
		if s.Info().Schema != 1 {
			t.Fatalf("it has schema %d", s.Info().Schema)
		}
		var all []*db.Account
		for n := range accounts {
			all = append(all, &db.Account{Email: fmt.Sprintf("more%d@example.com", n), Name: strings.Repeat("long ", 200), UUID: uuid.New()})
		}
		_, err := s.Load(t.Context(), all, time.Second)
		if err == nil {
			_, err = token.Create(filepath.Join(dir, "keys"), s.Info().Instance.String(), time.Now())
		}
		return err
	})
	return dir
}

func schemaOf(t *testing.T, dir string) (schema int) {
	t.Helper()
	within(t, dir, func(_ *bolt.Engine, s *db.Store) error { schema = s.Info().Schema; return nil })
	return schema
}

func fileIn(t *testing.T, dir, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// once starts a server on a data folder, stops it, and returns its log.
func once(t *testing.T, dir string) string {
	t.Helper()
	p := serve(t, dir, "--dev")
	p.stop(t)
	return p.text()
}

// Serve upgrades what an older kunci left, and keeps it as it was beside it:
// whoever puts that back has it again, and is kept for the next time too.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	dir := older(t, 0)
	before := fileIn(t, dir, "kunci.db")
	log := once(t, dir)
	kept := filepath.Join(dir, "kunci.db.schema-1")
	for _, want := range []string{`"msg":"the data file is upgraded"`, `"schema":1,"to":2,"kept":"` + kept + `"`, "cp " + kept + " " + filepath.Join(dir, "kunci.db")} {
		if strings.Count(log, want) != 1 {
			t.Errorf("the log lacks %s:\n%s", want, log)
		}
	}
	if info, err := os.Stat(kept); err != nil || info.Mode() != 0o600 {
		t.Errorf("the copy: %v, %v", info.Mode(), err)
	}
	if !bytes.Equal(fileIn(t, dir, "kunci.db.schema-1"), before) {
		t.Error("the copy differs from what was there")
	}
	fine(t, "check", "--data", dir)
	if got := schemaOf(t, dir); got != db.Schema {
		t.Errorf("schema %d", got)
	}
	if log := once(t, dir); strings.Contains(log, "upgrade") {
		t.Errorf("it is upgraded again:\n%s", log)
	}

	// The way back, and on again: the same copy serves.
	if err := os.WriteFile(filepath.Join(dir, "kunci.db"), before, 0o600); err != nil {
		t.Fatal(err)
	}
	once(t, dir)
	if got := names(t, dir); !slices.Equal(got, []string{"keys", "kunci.db", "kunci.db.schema-1", "outbox"}) {
		t.Errorf("there is %q", got)
	}

	// Back, and somebody has worked with it: that is kept as well.
	if err := os.WriteFile(filepath.Join(dir, "kunci.db"), before, 0o600); err != nil {
		t.Fatal(err)
	}
	within(t, dir, func(_ *bolt.Engine, s *db.Store) error { return s.Probe(t.Context(), time.Now()) })
	worked := fileIn(t, dir, "kunci.db")
	if log := once(t, dir); !strings.Contains(log, `"kept":"`+kept+`.2"`) {
		t.Errorf("it names another copy:\n%s", log)
	}
	if !bytes.Equal(fileIn(t, dir, "kunci.db.schema-1"), before) || !bytes.Equal(fileIn(t, dir, "kunci.db.schema-1.2"), worked) {
		t.Error("a copy is not what was there")
	}

	if err := os.Chmod(kept, 0o640); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := ran(t, "user", "list", "--data", dir); code != 1 || !strings.Contains(errs, "run chmod 600 "+kept) {
		t.Errorf("a copy that others can read: exit %d, %s", code, errs)
	}
}

// An upgrade that was cut off goes on with the copy that it made; where a
// server of before has run on the file since, what it did is kept too.
func TestUpgradeCutOff(t *testing.T) {
	t.Parallel()
	for what, test := range map[string]struct {
		left func(dir string, e *bolt.Engine, s *db.Store) error
		want []string // besides the data file and what is always there
		same bool     // the first copy is what was there before the cut
	}{
		"in the copy": {func(dir string, _ *bolt.Engine, _ *db.Store) error {
			return os.WriteFile(filepath.Join(dir, ".kept.db"), []byte("half"), 0o600)
		}, []string{"kunci.db.schema-1"}, true},
		"before the first act": {func(dir string, _ *bolt.Engine, s *db.Store) error {
			return errors.Join(duplicate(dir), s.Keep(t.Context(), "kunci.db.schema-1"))
		}, []string{"kunci.db.schema-1"}, true},
		"between two acts": {func(dir string, e *bolt.Engine, s *db.Store) error {
			return errors.Join(duplicate(dir), s.Keep(t.Context(), "kunci.db.schema-1"),
				e.Update(t.Context(), func(w db.Writer) error {
					w.Put("account_email", []byte("half"), []byte("done"))
					w.Delete("account_email", []byte("half"))
					return nil
				}))
		}, []string{"kunci.db.schema-1"}, true},
		"and served since": {func(dir string, _ *bolt.Engine, s *db.Store) error {
			return errors.Join(duplicate(dir), s.Keep(t.Context(), "kunci.db.schema-1"), s.Probe(t.Context(), time.Now()))
		}, []string{"kunci.db.schema-1", "kunci.db.schema-1.2"}, true},
		"and the copy is gone": {func(_ string, _ *bolt.Engine, s *db.Store) error {
			return s.Keep(t.Context(), "kunci.db.schema-1")
		}, nil, false},
		"by somebody's file": {func(dir string, _ *bolt.Engine, _ *db.Store) error {
			return os.WriteFile(filepath.Join(dir, "kunci.db.schema-1"), []byte("mine"), 0o600)
		}, []string{"kunci.db.schema-1", "kunci.db.schema-1.2"}, false},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			dir := older(t, 0)
			before := fileIn(t, dir, "kunci.db")
			within(t, dir, func(e *bolt.Engine, s *db.Store) error { return test.left(dir, e, s) })
			log := once(t, dir)
			want := append([]string{"keys", "kunci.db"}, append(test.want, "outbox")...)
			if got := names(t, dir); !slices.Equal(got, want) {
				t.Errorf("there is %q, want %q", got, want)
			}
			if test.same && !bytes.Equal(fileIn(t, dir, "kunci.db.schema-1"), before) {
				t.Error("the copy is not what was there")
			}
			if gone := strings.Contains(log, "there is no way back but a backup"); gone != (test.want == nil) {
				t.Errorf("the log:\n%s", log)
			}
			fine(t, "check", "--data", dir)
			if got := schemaOf(t, dir); got != db.Schema {
				t.Errorf("schema %d", got)
			}
		})
	}
}

// duplicate makes the copy that an upgrade keeps.
func duplicate(dir string) error {
	raw, err := os.ReadFile(filepath.Join(dir, "kunci.db"))
	return errors.Join(err, os.WriteFile(filepath.Join(dir, "kunci.db.schema-1"), raw, 0o600))
}

// Killed at any moment, an upgrade goes on at the next start, and what is kept
// is what was there.
func TestUpgradeKilled(t *testing.T) {
	t.Parallel()
	dir := older(t, 3000)
	before := fileIn(t, dir, "kunci.db")
	begin := time.Now()
	once(t, copied(t, dir))
	took, cut := time.Since(begin), 0
	for i := range times(6, 100) {
		to := copied(t, dir)
		cmd := program(t, "serve", "--dev", "--listen", "127.0.0.1:0", "--data", to)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(took * time.Duration(i+1) / time.Duration(times(6, 100)+1))
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if schemaOf(t, to) == 1 {
			cut++
		}
		once(t, to)
		if !bytes.Equal(fileIn(t, to, "kunci.db.schema-1"), before) {
			t.Errorf("kill %d: the copy is not what was there", i)
		}
		got := slices.DeleteFunc(names(t, to), func(name string) bool { return name == "lock" })
		if !slices.Equal(got, []string{"keys", "kunci.db", "kunci.db.schema-1", "outbox"}) {
			t.Errorf("kill %d: there is %q", i, got)
		}
		fine(t, "check", "--data", to)
	}
	t.Logf("%d of %d kills came before the upgrade", cut, times(6, 100))
}

// Without room for the copy nothing is changed, and the start says what to do.
func TestUpgradeWithoutRoom(t *testing.T) {
	t.Parallel()
	disk, dir := smallDisk(t, "4m"), older(t, 2000)
	to := filepath.Join(disk, "data")
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Skip(err) // it does not fit
	}
	for _, path := range []string{to, filepath.Join(to, "keys")} {
		if err := os.Chmod(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	before := content(t, to)
	for _, args := range [][]string{{"serve", "--dev", "--listen", "127.0.0.1:0"}, {"check", "--upgrade"}} {
		code, out, errs := ran(t, append(args, "--data", to)...)
		if code != 1 || out != "" || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, "there is no room for a copy of ") || !strings.Contains(errs, "nothing was changed: make some, or move the folder to another disk") {
			t.Errorf("%q: exit %d, %s%s", args, code, out, errs)
		}
		if after := content(t, to); after != before {
			t.Errorf("%q: it was\n%sand is\n%s", args, before, after)
		}
	}
}

// Only serve upgrades: every other command says so and changes nothing, but for
// those that need not.
func TestOlderData(t *testing.T) {
	t.Parallel()
	dir, files := older(t, 0), t.TempDir()
	before, people := content(t, dir), filepath.Join(files, "people.csv")
	if err := os.WriteFile(people, []byte("email,name\np@example.com,P\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const want = "kunci.db has schema 1, this kunci works on schema 2: start kunci serve once, which upgrades it (kunci check --upgrade tries that on a copy)"
	for _, args := range [][]string{
		{"user", "list"}, {"user", "delete", "1", "--yes"}, {"company", "add", "A"}, {"session", "list", "1"}, {"key", "rotate"},
		{"check"}, {"compact"}, {"export"}, {"import", people},
	} {
		code, out, errs := ran(t, append(args, "--data", dir)...)
		if code != 1 || out != "" || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, want) {
			t.Errorf("%q: exit %d, %s%s", args, code, out, errs)
		}
	}
	backup, to := filepath.Join(files, "b.tar"), filepath.Join(files, "new")
	fine(t, "backup", backup, "--data", dir)
	fine(t, "restore", backup, "--data", to)
	if got := schemaOf(t, to); got != 1 {
		t.Errorf("it was restored with schema %d", got)
	}
	if got := names(t, to); !slices.Equal(got, []string{"keys", "kunci.db"}) {
		t.Errorf("there is %q", got)
	}
	once(t, to)
	fine(t, "check", "--data", to)

	var got struct {
		Schema, To  int
		OK          bool
		Bytes, Room int64
	}
	out := fine(t, "check", "--upgrade", "--json", "--data", dir)
	if err := json.Unmarshal([]byte(strings.Replace(out, "bytes_needed", "room", 1)), &got); err != nil || got.Schema != 1 || got.To != db.Schema || !got.OK || got.Room < got.Bytes || got.Bytes == 0 {
		t.Errorf("%v, %s", err, out)
	}
	if out := fine(t, "check", "--upgrade", "--data", dir); !strings.HasPrefix(out, "ok: from schema 1 to 2 in ") || !strings.Contains(out, fmt.Sprintf("needs %d bytes of room in %s", got.Room, dir)) {
		t.Error(out)
	}
	if after := content(t, dir); after != before {
		t.Errorf("it was\n%sand is\n%s", before, after)
	}
}

// An upgrade is tried beside a server that runs, and leaves nothing behind, not
// even what one that was killed has left.
func TestRehearsal(t *testing.T) {
	t.Parallel()
	dir := dev(t)
	left := func() {
		if err := errors.Join(os.MkdirAll(filepath.Join(dir, ".rehearsal"), 0o700), os.WriteFile(filepath.Join(dir, ".rehearsal", "kunci.db"), []byte("left"), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	left()
	p := serve(t, dir, "--dev")
	if got := names(t, dir); slices.Contains(got, ".rehearsal") {
		t.Errorf("there is %q", got)
	}
	left()
	if out := fine(t, "check", "--upgrade", "--data", dir); out != "ok: the data has schema 2 already, there is nothing to upgrade\n" {
		t.Error(out)
	}
	if got := names(t, dir); slices.Contains(got, ".rehearsal") {
		t.Errorf("there is %q", got)
	}
	p.stop(t)
	within(t, dir, func(e *bolt.Engine, _ *db.Store) error {
		return e.Update(t.Context(), func(w db.Writer) error { w.Put("account", make([]byte, 8), []byte("no record")); return nil })
	})
	code, out, errs := ran(t, "check", "--upgrade", "--data", dir)
	if code != 1 || out == "" || !strings.Contains(errs, "faults: stay with the kunci that wrote the data") {
		t.Errorf("exit %d, %s%s", code, out, errs)
	}
}

// What a newer kunci wrote is refused by every command, with the way out, and
// stays as it is.
func TestNewerData(t *testing.T) {
	t.Parallel()
	dir, files := dev(t), t.TempDir()
	info(func(i *db.Info) { i.Schema = db.Schema + 1 })(t, dir)
	before, people := content(t, dir), filepath.Join(files, "people.csv")
	if err := os.WriteFile(people, []byte("email,name\np@example.com,P\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"serve", "--dev", "--listen", "127.0.0.1:0"}, {"user", "list"}, {"user", "show", "1"}, {"company", "list"}, {"key", "rotate"}, {"session", "revoke", "--user", "1"},
		{"check"}, {"check", "--upgrade"}, {"compact"}, {"backup", filepath.Join(files, "b.tar")}, {"export"}, {"import", people},
	} {
		code, out, errs := ran(t, append(args, "--data", dir)...)
		if code != 1 || out != "" || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, "run the newer kunci that wrote it, or restore a backup made before the upgrade") {
			t.Errorf("%q: exit %d, %s%s", args, code, out, errs)
		}
		if after := content(t, dir); after != before {
			t.Fatalf("%q: it was\n%sand is\n%s", args, before, after)
		}
	}
	if got := names(t, files); !slices.Equal(got, []string{"people.csv"}) {
		t.Errorf("there is %q", got)
	}
}
