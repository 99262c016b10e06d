package cli_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// long says whether tests may take minutes: TEST_LONG=1.
func long() bool { return os.Getenv("TEST_LONG") == "1" }

// times is how often to do something, by whether tests may take long.
func times(short, inLong int) int {
	if long() {
		return inLong
	}
	return short
}

// program is kunci as a process.
func program(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath("kunci")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir(), "GORACE=atexit_sleep_ms=0",
		"KUNCI_ARGON2_MEMORY=7", "KUNCI_ARGON2_TIME=1",
	}
	return cmd
}

// ran runs a command of kunci to its end.
func ran(t testing.TB, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	cmd := program(t, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// A server that should have refused to start would run for ever.
	defer time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() }).Stop()
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// fine runs a command that must succeed, and returns what it prints.
func fine(t testing.TB, args ...string) string {
	t.Helper()
	code, out, errs := ran(t, args...)
	if code != 0 || errs != "" {
		t.Fatalf("kunci %s: exit %d\n%s%s", strings.Join(args, " "), code, out, errs)
	}
	return out
}

// process is a server that runs, and what it has logged.
type process struct {
	*exec.Cmd
	url   string
	ended chan error

	mu  sync.Mutex
	log bytes.Buffer
}

func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.Write(b)
}

func (p *process) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

const publicURL = "https://auth.example.com"

// serve starts a server on a port that it picks and waits until it is ready.
func serve(t testing.TB, data string, args ...string) *process {
	t.Helper()
	return ready(t, program(t, append([]string{"serve", "--listen", "127.0.0.1:0", "--public-url", publicURL, "--data", data}, args...)...))
}

// ready starts a server and waits until it is ready.
func ready(t testing.TB, cmd *exec.Cmd) *process {
	t.Helper()
	p := launch(t, cmd)
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if m := frontPage.FindStringSubmatch(p.text()); m != nil && answers(m[1]+"/readyz") {
			p.url = m[1]
			return p
		}
	}
	t.Fatalf("the server does not answer\n%s", p.text())
	return nil
}

// stop ends a server as an operator does.
func (p *process) stop(t testing.TB) {
	t.Helper()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.end(t); err != nil {
		t.Fatalf("%v\n%s", err, p.text())
	}
}

// end waits until a server has ended, by itself or stopped.
func (p *process) end(t testing.TB) error {
	t.Helper()
	select {
	case err := <-p.ended:
		return err
	case <-time.After(20 * time.Second):
		t.Fatalf("the server has not ended\n%s", p.text())
		return nil
	}
}

// ask posts a JSON body as somebody behind a proxy and returns the answer.
func (p *process) ask(t testing.TB, path, from, body string) (status int, answer string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, p.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Forwarded-For", from)
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(got.Body)
	if err := errors.Join(err, got.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return got.StatusCode, string(raw)
}

// dataFolder makes a data folder by a first start, and returns its path.
func dataFolder(t testing.TB, args ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	serve(t, dir, args...).stop(t)
	return dir
}

// copied is a copy of a data folder, to be damaged.
func copied(t testing.TB, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "data")
	if out, err := exec.Command("cp", "-a", dir, to).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return to
}

// content is what lies in a folder: names, modes and sums.
func content(t testing.TB, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		sum := ""
		if info.Mode().IsRegular() {
			raw, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			sum = fmt.Sprintf(" %x", sha256.Sum256(raw))
		}
		_, err = fmt.Fprintf(&b, "%s %s%s\n", info.Mode(), strings.TrimPrefix(path, dir), sum)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
