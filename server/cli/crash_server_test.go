package cli_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// crashServer is the built binary, serving a data folder of the test's own.
type crashServer struct {
	t      testing.TB
	cmd    *exec.Cmd
	data   string
	base   string
	log    string
	ended  chan error
	took   time.Duration // from its start until it was ready
	client *http.Client
}

// crashStart starts the binary and waits until it is ready. What stands in
// front of it, if anything, must become it (strace -D does).
func crashStart(t testing.TB, binary, data string, front []string, more ...string) *crashServer {
	t.Helper()
	s, err := crashTry(t, binary, data, front, more...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func crashTry(t testing.TB, binary, data string, front []string, more ...string) (*crashServer, error) {
	t.Helper()
	log, err := os.CreateTemp(t.TempDir(), "log-*")
	if err != nil {
		return nil, err
	}
	args := append(append([]string{}, front...), binary, "serve", "--dev", "--listen", "127.0.0.1:0", "--data", data, "--public-url", "http://localhost")
	args = append(args, more...)
	s := &crashServer{
		t: t, cmd: exec.Command(args[0], args[1:]...), data: data, log: log.Name(), ended: make(chan error, 1),
		client: &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
	}
	s.cmd.Stdout, s.cmd.Stderr = log, log
	s.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "KUNCI_ARGON2_MEMORY=7", "KUNCI_ARGON2_TIME=1"}
	begin := time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	_ = log.Close() // the process has its own
	go func() { s.ended <- s.cmd.Wait() }()
	t.Cleanup(func() { s.kill() })
	for end := begin.Add(20 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if m := crashListens.FindStringSubmatch(s.logged()); m != nil {
			s.base = m[1]
			if status, _ := s.get("/readyz", ""); status == http.StatusOK {
				s.took = time.Since(begin)
				return s, nil
			}
		}
		select {
		case err := <-s.ended:
			s.ended <- err
			return nil, fmt.Errorf("the server ended: %v\n%s", err, s.logged())
		default:
		}
	}
	return nil, fmt.Errorf("the server is not ready within 20 s\n%s", s.logged())
}

var crashListens = regexp.MustCompile(`"url":"(http://[^"\s]+)/"`)

func (s *crashServer) logged() string {
	text, err := os.ReadFile(s.log)
	if err != nil {
		s.t.Error(err)
	}
	return string(text)
}

// kill gives the process no chance to do anything.
func (s *crashServer) kill() {
	s.client.CloseIdleConnections()
	_ = s.cmd.Process.Kill() // it may have ended
	s.ended <- <-s.ended
}

// stop ends the process as an operator does.
func (s *crashServer) stop() {
	s.t.Helper()
	s.client.CloseIdleConnections()
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	if err := s.wait(12 * time.Second); err != nil {
		s.t.Errorf("stopping: %v\n%s", err, s.logged())
	}
}

var errStillThere = errors.New("the process is still there")

func (s *crashServer) wait(within time.Duration) error {
	select {
	case err := <-s.ended:
		s.ended <- err
		return err
	case <-time.After(within):
		return errStillThere
	}
}

// crashAnswer is what the server said; status 0 where it said nothing whole.
type crashAnswer struct {
	status  int
	header  http.Header
	body    []byte
	request string // X-Request-Id
	took    time.Duration
}

func (a crashAnswer) acked() bool { return a.status >= 200 && a.status < 300 }

func (s *crashServer) do(method, path, contentType, bearer string, body []byte) (a crashAnswer) {
	r, err := http.NewRequest(method, s.base+path, bytes.NewReader(body))
	if err != nil {
		s.t.Error(err)
		return a
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	begin := time.Now()
	answer, err := s.client.Do(r)
	a.took = time.Since(begin)
	if err != nil {
		return a
	}
	defer func() { _ = answer.Body.Close() }()
	if a.body, err = io.ReadAll(answer.Body); err != nil {
		return a
	}
	a.status, a.header, a.request = answer.StatusCode, answer.Header, answer.Header.Get("X-Request-Id")
	a.took = time.Since(begin)
	return a
}

func (s *crashServer) get(path, bearer string) (status int, body []byte) {
	a := s.do(http.MethodGet, path, "", bearer, nil)
	return a.status, a.body
}

func (s *crashServer) me(token string) int {
	status, _ := s.get("/api/auth/me", token)
	return status
}

func (s *crashServer) json(path string, members map[string]string) crashAnswer {
	body, err := json.Marshal(members)
	if err != nil {
		s.t.Error(err)
	}
	return s.do(http.MethodPost, path, "application/json", "", body)
}

func (s *crashServer) form(path string, fields map[string]string) crashAnswer {
	form := url.Values{}
	for name, value := range fields {
		form.Set(name, value)
	}
	return s.do(http.MethodPost, path, "application/x-www-form-urlencoded", "", []byte(form.Encode()))
}

// credential is the token or key in any dialect's answer.
func (a crashAnswer) credential() string {
	if m := crashCredential.FindSubmatch(a.body); m != nil {
		return string(m[1])
	}
	return ""
}

var crashCredential = regexp.MustCompile(`"(?:token|api_token|key)":\s*"([^"]{40,})"`)

// crashCheck holds a data folder that nobody serves to `kunci check`.
func crashCheck(t testing.TB, binary, data string) {
	t.Helper()
	out, err := exec.Command(binary, "check", "--data", data).CombinedOutput()
	if err != nil {
		t.Errorf("kunci check: %v\n%s", err, out)
	}
}

// crashLong says whether the long form of the tests was asked for.
func crashLong() bool { return os.Getenv("TEST_LONG") != "" }

// strace finds the tool, or skips the test.
func strace(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not on this machine: faults of the disk can't be made")
	}
	if out, err := exec.Command(path, "-f", "-e", "trace=none", "true").CombinedOutput(); err != nil {
		t.Skipf("strace may not trace here: %v %s", err, out)
	}
	return path
}

// fault makes the disk of a running server fail, or slow, until the function
// that it returns is called.
func (s *crashServer) fault(inject string) (lift func()) {
	s.t.Helper()
	pid := strconv.Itoa(s.cmd.Process.Pid)
	tracer := exec.Command(strace(s.t), "-f", "-qq", "-o", filepath.Join(s.t.TempDir(), "strace"), "-e", "trace=fdatasync,pwrite64", "-e", inject, "-p", pid)
	if err := tracer.Start(); err != nil {
		s.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- tracer.Wait() }()
	lifted := false
	lift = func() {
		if !lifted {
			lifted = true
			_ = tracer.Process.Signal(syscall.SIGINT) // it lets go of the server
			<-done
		}
	}
	s.t.Cleanup(lift)
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if s.traced() {
			return lift
		}
		select {
		case err := <-done:
			done <- err
			s.t.Skipf("strace may not attach here: %v", err)
		default:
		}
	}
	s.t.Fatal("strace did not attach within 10 s")
	return nil
}

// traced says whether every thread of the server is.
func (s *crashServer) traced() bool {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", s.cmd.Process.Pid))
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		if err != nil || strings.Contains(string(text), "TracerPid:\t0\n") {
			return false
		}
	}
	return err == nil && len(tasks) > 0
}
