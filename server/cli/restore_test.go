package cli_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kunci/db"
	"kunci/db/bolt"
)

// What is restored is what was: accounts sign in, and with the keys the tokens
// of before open what they opened. Without, all that rests on keys has ended.
func TestRestore(t *testing.T) {
	t.Parallel()
	dir, files := dev(t), t.TempDir()
	p := serve(t, dir, "--dev")
	token := p.signIn(t)
	if status, answer := p.ask(t, "/api/auth/forgot-password", "", `{"email": "john@example.com"}`); status != http.StatusOK {
		t.Fatalf("forgot-password: %d %s", status, answer)
	}
	p.stop(t)
	within(t, dir, func(_ *bolt.Engine, s *db.Store) error {
		return s.Update(t.Context(), func(tx db.Tx) error {
			return tx.PutDelay([]byte("of a name"), &db.Delay{Level: 9, At: db.At(time.Now()), Until: db.At(time.Now().Add(time.Hour))})
		})
	})
	with, without := filepath.Join(files, "with.tar"), filepath.Join(files, "without.tar")
	fine(t, "backup", with, "--data", dir)
	fine(t, "backup", without, "--without-keys", "--data", dir)
	users := fine(t, "user", "list", "--json", "--data", dir)

	for file, want := range map[string]struct{ me, rests int }{with: {http.StatusOK, 3}, without: {http.StatusUnauthorized, 0}} {
		to := filepath.Join(t.TempDir(), "new", "data")
		out := fine(t, "restore", file, "--data", to)
		if !strings.HasPrefix(out, to+": instance ") || strings.Contains(out, "the backup has no keys, so new ones were made: all sessions") != (want.rests == 0) {
			t.Errorf("it says %s", out)
		}
		if got := names(t, filepath.Dir(to)); len(got) != 1 {
			t.Errorf("beside it there is %q", got)
		}
		if got := names(t, to); strings.Join(got, " ") != "keys kunci.db" {
			t.Errorf("there is %q", got)
		}
		for line := range strings.Lines(content(t, to)) {
			if !strings.HasPrefix(line, "-rw------- ") && !strings.HasPrefix(line, "drwx------ ") {
				t.Errorf("others can reach %s", line)
			}
		}
		if got := fine(t, "user", "list", "--json", "--data", to); got != users {
			t.Errorf("users were\n%s\nand are\n%s", users, got)
		}
		within(t, to, func(e *bolt.Engine, _ *db.Store) error {
			return e.View(func(r db.Reader) error {
				rests := 0
				for _, space := range []db.Space{"session", "link", "delay"} {
					if key, _ := r.Last(space); key != nil {
						rests++
					}
				}
				if rests != want.rests {
					t.Errorf("%s: of sessions, links and delays %d are there", file, rests)
				}
				return nil
			})
		})
		q := serve(t, to, "--dev")
		if got := q.me(t, token); got != want.me {
			t.Errorf("a token of before gets %d", got)
		}
		if got := q.me(t, q.signIn(t)); got != http.StatusOK {
			t.Errorf("a new token gets %d", got)
		}
		q.stop(t)
		if out := fine(t, "check", "--data", to); out != "ok\n" {
			t.Error(out)
		}
	}
}

// A folder that holds anything is refused and stays as it is; one that is empty
// is taken, and so is what a restore that was cut off has left.
func TestRestoreInto(t *testing.T) {
	t.Parallel()
	dir, files := dev(t), t.TempDir()
	file := filepath.Join(files, "b.tar")
	fine(t, "backup", file, "--data", dir)
	var p *process
	for what, test := range map[string]struct {
		prepare, want string // a shell's command in an empty folder; "": it is taken
	}{
		"no folder":               {`rmdir data`, ""},
		"an empty folder":         {`true`, ""},
		"a link to one":           {`mv data there; ln -s there data`, ""},
		"one cut off, in it":      {`mkdir data/.data.kunci-restore data/.data.kunci-restore/keys; echo 1 >data/lock; echo x >data/.data.kunci-restore/kunci.db`, ""},
		"one cut off, beside":     {`rmdir data; mkdir -m 700 .data.kunci-restore; echo 1 >.data.kunci-restore/lock; echo x >.data.kunci-restore/kunci.db`, ""},
		"another's file":          {`touch data/x`, `is not empty, it holds "x": restore into a new folder, or move what is there away`},
		"another's folder":        {`mkdir data/.x`, `is not empty, it holds ".x"`},
		"data":                    {`cp -a ` + dir + `/. data/`, `is not empty, it holds "`},
		"a file of the name":      {`rmdir data; touch data`, `is no folder`},
		"a link to nowhere":       {`rmdir data; ln -s nowhere data`, `is a link that leads nowhere`},
		"what others can reach":   {`chmod 755 data`, `run chmod 700 `},
		"a folder of others":      {`rmdir data; mkdir -m 755 .data.kunci-restore`, `run chmod 700 `},
		"a file where it is made": {`rmdir data; touch .data.kunci-restore`, `.data.kunci-restore`},
		"a server's":              {`rmdir data`, `is in use by process `},
	} {
		at := t.TempDir()
		to := filepath.Join(at, "data")
		if out, err := exec.Command("sh", "-ec", `umask 077; cd "$0"; mkdir data; `+test.prepare, at).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", what, err, out)
		}
		if what == "a server's" {
			p = serve(t, to, "--dev")
		}
		before := content(t, at)
		code, out, errs := ran(t, "restore", file, "--data", to)
		switch {
		case test.want == "" && (code != 0 || errs != ""):
			t.Errorf("%s: exit %d, %s%s", what, code, out, errs)
		case test.want == "":
			if got := names(t, to); strings.Join(got, " ") != "keys kunci.db" && strings.Join(got, " ") != "keys kunci.db lock" {
				t.Errorf("%s: there is %q", what, got)
			}
			if _, err := os.Lstat(filepath.Join(at, ".data.kunci-restore")); err == nil {
				t.Errorf("%s: what was aside is left", what)
			}
			if out := fine(t, "check", "--data", to); out != "ok\n" {
				t.Errorf("%s: %s", what, out)
			}
		case code != 1 || out != "" || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, test.want):
			t.Errorf("%s: exit %d, %s%s", what, code, out, errs)
		case content(t, at) != before:
			t.Errorf("%s: it changed\n%sto\n%s", what, before, content(t, at))
		}
	}
	p.stop(t)
}

// Killed at any moment, a restore has made nothing or all; a server finds no
// half of it, and the next restore goes well.
func TestRestoreKilled(t *testing.T) {
	t.Parallel()
	dir, files := bulky(t), t.TempDir()
	file := filepath.Join(files, "b.tar")
	fine(t, "backup", file, "--data", dir)
	begin := time.Now()
	fine(t, "restore", file, "--data", filepath.Join(files, "first"))
	took, whole := time.Since(begin), 0
	for i := range times(4, 100) {
		to := filepath.Join(t.TempDir(), "data")
		if i%2 == 0 {
			if err := os.Mkdir(to, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		cmd := program(t, "restore", file, "--data", to)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(took/8 + (took+took/8)*time.Duration(i)/time.Duration(times(4, 100)))
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if _, err := os.Stat(filepath.Join(to, "kunci.db")); err == nil {
			whole++
		} else {
			fine(t, "restore", file, "--data", to)
		}
		if out := fine(t, "check", "--data", to); out != "ok\n" {
			t.Errorf("kill %d: %s", i, out)
		}
	}
	t.Logf("%d of %d were whole", whole, times(4, 100))
}
