package cli_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kunci/db"
	"kunci/db/bolt"
)

// within opens the data file of a folder that nobody serves, for one act.
func within(t testing.TB, dir string, act func(*bolt.Engine, *db.Store) error) {
	t.Helper()
	e, err := bolt.Open(filepath.Join(dir, "kunci.db"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := db.New(e)
	if err != nil {
		t.Fatal(errors.Join(err, e.Close()))
	}
	if err := errors.Join(act(e, s), s.Close()); err != nil {
		t.Fatal(err)
	}
}

// traces are the words of which a data file still holds something, as they
// were written or folded.
func traces(t testing.TB, dir string, words []string) (found []string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "kunci.db"))
	if err != nil {
		t.Fatal(err)
	}
	folded := bytes.ToLower(raw)
	for _, w := range words {
		if bytes.Contains(folded, []byte(strings.ToLower(w))) {
			found = append(found, w)
		}
	}
	return found
}

func letters(t testing.TB, dir string) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "outbox", "*.eml"))
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

// An account that was deleted leaves nothing of a person in the data file once
// it was compacted, and nobody else loses anything.
func TestCompactLeavesNoTrace(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	p := serve(t, dir, "--trusted-proxies", "127.0.0.1")
	const zebra, okapi, pw = "203.0.113.77", "198.51.100.7", `"Tr0ub4dor&Zebra"`
	for _, who := range []struct{ from, body string }{
		{zebra, `{"username": "Quagga.Zebra", "email": "Zebedee@Stripes.Example", "name": "Zebedee Quaggason", "password": ` + pw + `}`},
		{okapi, `{"username": "okapi", "email": "okapi@forest.example", "name": "Okapi Johnstoni", "password": ` + pw + `}`},
	} {
		if status, answer := p.ask(t, "/api/auth/register", who.from, who.body); status != 201 {
			t.Fatalf("sign-up: %d %s", status, answer)
		}
	}
	if status, _ := p.ask(t, "/api/auth/forgot-password", zebra, `{"email": "zebedee@stripes.example"}`); status != 200 {
		t.Fatalf("forgot-password: %d", status)
	}
	for end := time.Now().Add(10 * time.Second); letters(t, dir) < 3; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d letters were sent", letters(t, dir))
		}
	}
	// Its address is another matter: the audit log keeps that as long as the entry.
	words := []string{"Quagga.Zebra", "Hippotigris", "Zebedee", "Stripes.Example", "Quaggason", "7770001"}
	if status, _ := p.ask(t, "/api/auth/login", zebra, `{"username": "quagga.zebra", "password": "not hers"}`); status != 401 {
		t.Fatalf("sign-in with another password: %d", status)
	}
	p.stop(t)
	fine(t, "user", "set", "okapi", "--phone", "+62-21-5550000", "--data", dir)
	fine(t, "user", "set", "quagga.zebra", "--phone", "+62-811-7770001", "--username", "Hippotigris", "--data", dir)
	if got := traces(t, dir, words); len(got) != len(words) {
		t.Fatalf("before the deletion there is only %q", got)
	}
	fine(t, "user", "delete", "hippotigris", "--yes", "--data", dir)
	if traces(t, dir, words) == nil {
		t.Error("free pages hold nothing of it: the test shows nothing")
	}
	users, sessions := fine(t, "user", "list", "--json", "--data", dir), fine(t, "session", "list", "okapi", "--json", "--data", dir)

	if out := fine(t, "compact", "--data", dir); !strings.Contains(out, "kunci.db: ") || !strings.Contains(out, " before\n") {
		t.Errorf("it says %q", out)
	}
	if got := traces(t, dir, words); got != nil {
		t.Errorf("the file holds traces of %q", got)
	}
	if info, err := os.Stat(filepath.Join(dir, "kunci.db")); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if log := fine(t, "audit", "list", "--user", "quagga.zebra", "--data", dir); strings.Count(log, "wrong_password") != 1 {
		t.Errorf("the audit log finds by what was typed\n%s", log)
	}
	if log := fine(t, "audit", "list", "--data", dir); strings.Count(log, zebra) != 3 || !strings.Contains(log, "user-delete") {
		t.Errorf("the audit log says\n%s", log)
	}
	fine(t, "audit", "verify", "--data", dir)
	if got := fine(t, "user", "list", "--json", "--data", dir); got != users || !strings.Contains(got, "okapi@forest.example") {
		t.Errorf("users were\n%s\nand are\n%s", users, got)
	}
	if got := fine(t, "session", "list", "okapi", "--json", "--data", dir); got != sessions || !strings.Contains(got, okapi) {
		t.Errorf("sessions were\n%s\nand are\n%s", sessions, got)
	}
	if out := fine(t, "check", "--data", dir); out != "ok\n" {
		t.Errorf("check: %s", out)
	}
	p = serve(t, dir)
	if code, _, errs := ran(t, "compact", "--data", dir); code != 1 || !strings.Contains(errs, "in use by process") {
		t.Errorf("under a running server: exit %d, %s", code, errs)
	}
	if status, answer := p.ask(t, "/api/auth/login", okapi, `{"username": "okapi", "password": `+pw+`}`); status != 200 {
		t.Errorf("sign-in afterwards: %d %s", status, answer)
	}
	p.stop(t)
}

// crowded is a data folder whose file takes a while to copy, and is mostly free
// pages.
func crowded(t testing.TB) string {
	t.Helper()
	dir := dataFolder(t)
	within(t, dir, func(_ *bolt.Engine, s *db.Store) error {
		for n := range 200 {
			err := s.Update(t.Context(), func(tx db.Tx) error {
				for i := range 10 {
					a := &db.Account{Email: fmt.Sprintf("person%d-%d@example.com", n, i), Name: strings.Repeat("long ", 300)}
					a.UUID[0], a.UUID[1], a.UUID[2] = byte(n), byte(i), 1
					if err := tx.AddAccount(a); err != nil {
						return err
					}
					if i > 4 {
						if err := tx.DeleteAccount(a.ID); err != nil {
							return err
						}
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return dir
}

// Killed at any moment, compact leaves the old file or the new one, whole.
func TestCompactKilled(t *testing.T) {
	t.Parallel()
	dir := crowded(t)
	before := fine(t, "user", "list", "--json", "--data", dir)
	begin := time.Now()
	fine(t, "compact", "--data", copied(t, dir))
	took := time.Since(begin)
	old, cut, renamed := content(t, filepath.Join(dir, "kunci.db")), 0, 0
	for i := range times(8, 100) {
		cmd := program(t, "compact", "--data", dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(took/4 + rand.N(took))
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if _, err := os.Stat(filepath.Join(dir, ".compact.db")); err == nil {
			cut++
		}
		if now := content(t, filepath.Join(dir, "kunci.db")); now != old {
			renamed++
			old = now
		}
		if out := fine(t, "check", "--data", dir); out != "ok\n" {
			t.Fatalf("kill %d: %s", i, out)
		}
		if _, err := os.Stat(filepath.Join(dir, ".compact.db")); err == nil {
			t.Fatal("the copy that was cut off still stands after the next command")
		}
	}
	if after := fine(t, "user", "list", "--json", "--data", dir); after != before {
		t.Error("it lost something")
	}
	t.Logf("%d of %d kills left a copy, %d came after the rename", cut, times(8, 100), renamed)
}

// What is damaged is not carried over, and nothing is changed.
func TestCompactRefusesDamage(t *testing.T) {
	t.Parallel()
	dir := dataFolder(t)
	within(t, dir, func(e *bolt.Engine, _ *db.Store) error {
		return e.Update(t.Context(), func(w db.Writer) error {
			w.Put("account", make([]byte, 8), []byte("no record"))
			return nil
		})
	})
	before := content(t, dir)
	code, out, errs := ran(t, "compact", "--data", dir)
	if code != 1 || out != "" || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, "kunci check lists: restore it from a backup") {
		t.Errorf("exit %d, %s%s", code, out, errs)
	}
	if after := content(t, dir); after != before {
		t.Errorf("it was\n%sand is\n%s", before, after)
	}
}
