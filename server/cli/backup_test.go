package cli_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"kunci/db"
	"kunci/db/bolt"
)

var issued = regexp.MustCompile(`"token":"([^"]+)"`)

// signIn signs a demo account in and returns its token.
func (p *process) signIn(t testing.TB) string {
	t.Helper()
	status, answer := p.ask(t, "/api/auth/login", "", `{"username": "johndoe", "password": "secret123"}`)
	m := issued.FindStringSubmatch(answer)
	if status != http.StatusOK || m == nil {
		t.Fatalf("sign-in: %d %s", status, answer)
	}
	return m[1]
}

// me is the status that a token gets.
func (p *process) me(t testing.TB, token string) int {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, p.url+"/api/auth/me", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = got.Body.Close()
	return got.StatusCode
}

// names are what lies in a folder.
func names(t testing.TB, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// dev is a data folder with the demo accounts.
func dev(t testing.TB) string { return dataFolder(t, "--dev") }

// bulky is a data folder whose file takes a while to copy.
func bulky(t testing.TB) string {
	t.Helper()
	dir := dataFolder(t)
	within(t, dir, func(_ *bolt.Engine, s *db.Store) error {
		var all []*db.Account
		for n := range 2000 {
			a := &db.Account{Email: fmt.Sprintf("person%d@example.com", n), Name: strings.Repeat("long ", 200), UUID: uuid.New()}
			all = append(all, a)
		}
		_, err := s.Load(t.Context(), all, time.Second)
		return err
	})
	return dir
}

// newcomer makes an account that signs in without a password, which --dev
// allows, and returns its token.
func (p *process) newcomer(t testing.TB, name string) (token string) {
	t.Helper()
	status, answer := p.ask(t, "/api/auth/google", "", fmt.Sprintf(`{"google_id": "%s", "email": "%s@example.com", "name": "N"}`, name, name))
	m := issued.FindStringSubmatch(answer)
	if status != http.StatusCreated || m == nil {
		t.Errorf("%s: %d %s", name, status, answer)
		return ""
	}
	return m[1]
}

// While hundreds of writes a second arrive, and keys change, each backup holds
// every act that was acknowledged before it began.
func TestBackupUnderWrites(t *testing.T) {
	t.Parallel()
	dir, files := dev(t), t.TempDir()
	p := serve(t, dir, "--dev")
	var mu sync.Mutex
	var tokens []string
	var stop atomic.Bool
	var writers sync.WaitGroup
	for w := range 8 {
		writers.Go(func() {
			for n := 0; !stop.Load(); n++ {
				token := p.newcomer(t, fmt.Sprintf("g%d-%d", w, n))
				mu.Lock()
				tokens = append(tokens, token)
				mu.Unlock()
			}
		})
	}
	acknowledged := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(tokens)
	}
	begin, before := time.Now(), []int{}
	for n := range 3 {
		for acknowledged() < (n+1)*100 {
			time.Sleep(time.Millisecond)
		}
		fine(t, "key", "rotate", "--data", dir)
		before = append(before, acknowledged())
		fine(t, "backup", filepath.Join(files, fmt.Sprint(n)), "--data", dir)
	}
	stop.Store(true)
	writers.Wait()
	t.Logf("%.0f acts a second", float64(len(tokens))/time.Since(begin).Seconds())
	p.stop(t)
	if strings.Count(p.text(), `"act":"backup"`) != 3 {
		t.Errorf("the log does not tell of three backups:\n%s", p.text())
	}
	for n, count := range before {
		to := filepath.Join(t.TempDir(), "data")
		fine(t, "restore", filepath.Join(files, fmt.Sprint(n)), "--data", to)
		q := serve(t, to, "--dev")
		for i, token := range tokens[:count] {
			if got := q.me(t, token); got != http.StatusOK {
				t.Fatalf("backup %d: the token of act %d of %d gets %d", n, i, count, got)
			}
		}
		q.stop(t)
	}
}

// A backup is private, needs no server, and replaces nothing without --force.
func TestBackupFile(t *testing.T) {
	t.Parallel()
	dir, files := dev(t), t.TempDir()
	file := filepath.Join(files, "b.tar")
	before := content(t, dir)
	if out := fine(t, "backup", file, "--data", dir); !regexp.MustCompile(`^` + regexp.QuoteMeta(file) + `: \d+ bytes, verified\n$`).MatchString(out) {
		t.Errorf("it says %q", out)
	}
	// The audit log tells of it, and nothing else has changed.
	data := regexp.MustCompile(`/kunci.db .*\n`)
	if after := content(t, dir); data.ReplaceAllString(after, "") != data.ReplaceAllString(before, "") {
		t.Errorf("the data folder was\n%sand is\n%s", before, after)
	}
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	made := content(t, file)
	if code, _, errs := ran(t, "backup", file, "--data", dir); code != 1 || !strings.Contains(errs, "exists: name another file, or say --force to replace it") || content(t, file) != made {
		t.Errorf("a file that stands: exit %d, %s", code, errs)
	}
	// What a backup that was cut off has left is in nobody's way.
	for path, mode := range map[string]os.FileMode{"b.tar.partial": 0o600, ".b.tar.kunci-unpacked/kunci.db": 0o600} {
		path = filepath.Join(files, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, bytes.Repeat([]byte("stale"), 50_000), mode); err != nil {
			t.Fatal(err)
		}
	}
	fine(t, "backup", file, "--force", "--without-keys", "--data", dir)
	raw, err := os.ReadFile(file)
	if err != nil || content(t, file) == made || bytes.Contains(raw, []byte("keys/")) || bytes.Contains(raw, []byte("k2.secret")) {
		t.Errorf("it was not replaced by one without keys: %v", err)
	}
	if got := names(t, files); len(got) != 1 {
		t.Errorf("there is %q", got)
	}
	for _, other := range []string{files, filepath.Join(files, "no", "b.tar")} {
		if code, _, errs := ran(t, "backup", other, "--force", "--data", dir); code != 1 || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, ": name a") {
			t.Errorf("%s: exit %d, %s", other, code, errs)
		}
	}
}

// Killed or interrupted at any moment, a backup has its name only whole, and
// the next one goes well.
func TestBackupKilled(t *testing.T) {
	t.Parallel()
	dir, files := bulky(t), t.TempDir()
	file := filepath.Join(files, "b.tar")
	begin := time.Now()
	fine(t, "backup", file, "--data", dir)
	took, cut, whole := time.Since(begin), 0, 0
	for i := range times(4, 100) {
		if err := os.RemoveAll(file); err != nil {
			t.Fatal(err)
		}
		cmd := program(t, "backup", file, "--data", dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(took/5 + rand.N(took))
		if i%2 == 0 {
			_ = cmd.Process.Kill()
		} else {
			_ = cmd.Process.Signal(os.Interrupt)
		}
		err := cmd.Wait()
		switch got := names(t, files); {
		case len(got) == 1 && got[0] == "b.tar":
			whole++
			to := filepath.Join(t.TempDir(), "data")
			fine(t, "restore", file, "--data", to)
		case err == nil:
			t.Fatalf("it says that there is a backup, and there is %q", got)
		case i%2 == 1 && len(got) > 0 && cmd.ProcessState.ExitCode() == 1:
			t.Errorf("interrupted, it leaves %q", got)
		default:
			cut++
		}
	}
	fine(t, "backup", file, "--force", "--data", dir)
	if got := names(t, files); len(got) != 1 {
		t.Errorf("there is %q", got)
	}
	t.Logf("%d cut off, %d whole", cut, whole)
}

// A full disk is one clear line, and leaves nothing but what was there.
func TestBackupFullDisk(t *testing.T) {
	t.Parallel()
	dir := bulky(t)
	file := filepath.Join(t.TempDir(), "b.tar")
	fine(t, "backup", file, "--data", dir)
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	for what, size := range map[string]int64{"for less than one copy": info.Size() / 2, "for less than two": info.Size() * 3 / 2} {
		disk := smallDisk(t, fmt.Sprint(size))
		code, out, errs := ran(t, "backup", filepath.Join(disk, "b.tar"), "--data", dir)
		if code != 1 || out != "" || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, "there is no room for ") {
			t.Errorf("room %s: exit %d, %s%s", what, code, out, errs)
		}
		if got := names(t, disk); len(got) > 0 {
			t.Errorf("room %s: there is %q", what, got)
		}
	}
	disk := smallDisk(t, fmt.Sprint(info.Size()/2))
	code, _, errs := ran(t, "restore", file, "--data", disk)
	if code != 1 || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, "there is no room for ") {
		t.Errorf("restoring: exit %d, %s", code, errs)
	}
	if got := names(t, disk); len(got) > 0 {
		t.Errorf("restoring leaves %q", got)
	}
	// An empty disk of one's own is as good as an empty folder.
	roomy := smallDisk(t, fmt.Sprint(2*info.Size()))
	fine(t, "restore", file, "--data", roomy)
	if out := fine(t, "check", "--data", roomy); out != "ok\n" {
		t.Error(out)
	}
}

// A damaged entry of the audit log keeps nobody from a backup, a restore or a
// smaller file; a check goes on to name it.
func TestCopiesOfADamagedAuditLog(t *testing.T) {
	t.Parallel()
	dir, at := copied(t, dev(t)), t.TempDir()
	within(t, dir, func(e *bolt.Engine, s *db.Store) error {
		return errors.Join(
			s.Update(t.Context(), func(tx db.Tx) error { return tx.Audit(&db.AuditEntry{At: 1, Event: "sign-in", Outcome: "ok"}) }),
			e.Update(t.Context(), func(w db.Writer) error {
				key, _ := w.Last("audit")
				w.Put("audit", bytes.Clone(key), []byte("damaged"))
				return nil
			}))
	})
	archive, again := filepath.Join(at, "b.tar"), filepath.Join(at, "again")
	fine(t, "backup", archive, "--data", dir)
	fine(t, "restore", archive, "--data", again)
	fine(t, "compact", "--data", again)
	for _, data := range []string{dir, again} {
		if code, out, _ := ran(t, "check", "--data", data); code != 1 || !strings.Contains(out, "audit entry") {
			t.Errorf("exit %d, %s", code, out)
		}
	}
}

// Data that a restore would not take is no backup.
func TestBackupOfDamage(t *testing.T) {
	t.Parallel()
	whole := dev(t)
	for what, damage := range map[string]func(dir string) error{
		"no key": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "keys", "1-x.json"), []byte("{}"), 0o600)
		},
		"a large file": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "keys", "1-x.json"), make([]byte, 1<<20), 0o600)
		},
		"no key of a link":  func(dir string) error { return os.Remove(filepath.Join(dir, "keys", "links.json")) },
		"no signing key":    func(dir string) error { return os.RemoveAll(filepath.Join(dir, "keys")) },
		"a key of a folder": func(dir string) error { return os.Mkdir(filepath.Join(dir, "keys", "1-x.json"), 0o700) },
	} {
		dir, files := copied(t, whole), t.TempDir()
		p := serve(t, dir, "--dev") // which has read its keys
		if err := damage(dir); err != nil {
			t.Fatal(err)
		}
		code, out, errs := ran(t, "backup", filepath.Join(files, "b.tar"), "--data", dir)
		if code != 1 || out != "" || strings.Count(errs, "\n") != 1 {
			t.Errorf("%s: exit %d, %s%s", what, code, out, errs)
		}
		if got := names(t, files); len(got) > 0 {
			t.Errorf("%s: there is %q", what, got)
		}
		p.stop(t)
	}
}
