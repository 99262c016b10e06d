package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"kunci/server/bench"
)

// child is a kunci that bench started. Its log is a file that is cut again and
// again: nobody reads it unless the child fails, and it must not fill the disk
// that is measured.
type child struct {
	cmd     *exec.Cmd
	log     string
	addr    string
	ended   chan struct{}
	err     error // of the process, once it has ended
	stopped bool
}

// How children are waited for.
const (
	childWithin = 2 * time.Minute // to listen: a large data file takes a while
	childStops  = 15 * time.Second
	childPoll   = 500 * time.Microsecond
	trimEvery   = time.Second
	longLog     = 1 << 20
	logTail     = 4 << 10
)

// listensAt finds where a server listens in the line with which its log begins,
// "" while that is not there yet.
func listensAt(log []byte) string {
	_, rest, _ := bytes.Cut(log, []byte(`"url":"http://`))
	addr, _, found := bytes.Cut(rest, []byte(`/"`))
	if !found {
		return ""
	}
	return string(addr)
}

// startChild starts kunci with args and waits until its log names its address.
// The child is in a group of its own, so that Ctrl-C reaches bench alone, and
// where the system can, it dies with bench.
func (m *measurement) startChild(ctx context.Context, args ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(filepath.Join(m.dir, "log-"+hexRandom(4)), os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.Command(self), log: log.Name(), ended: make(chan struct{})}
	c.cmd.Args = append([]string{"kunci"}, args...)
	c.cmd.Stdout, c.cmd.Stderr = log, log
	c.cmd.SysProcAttr = withParent()
	c.cmd.Env = []string{} // none of the settings of whoever measures
	for name, value := range m.env {
		if !strings.HasPrefix(name, "KUNCI_") {
			c.cmd.Env = append(c.cmd.Env, name+"="+value)
		}
	}
	err = c.cmd.Start()
	_ = log.Close() // the child has its own
	if err != nil {
		return nil, err
	}
	m.children = append(m.children, c)
	go func() {
		c.err = c.cmd.Wait()
		close(c.ended)
	}()
	if err := c.listens(ctx); err != nil {
		return nil, err
	}
	go c.trim()
	return c, nil
}

func (c *child) listens(ctx context.Context) error {
	for end := time.Now().Add(childWithin); time.Now().Before(end); time.Sleep(childPoll) {
		if c.addr = listensAt(c.tail()); c.addr != "" {
			return nil
		}
		if err := errors.Join(c.gone(), ctx.Err()); err != nil {
			return err
		}
	}
	return fmt.Errorf("the server does not listen within %s", childWithin)
}

// trim keeps the log short while the child lives. The child appends, so it
// goes on at the new end.
func (c *child) trim() {
	every := time.NewTicker(trimEvery)
	defer every.Stop()
	for {
		select {
		case <-c.ended:
			return
		case <-every.C:
		}
		if info, err := os.Stat(c.log); err == nil && info.Size() > longLog {
			_ = os.Truncate(c.log, 0) // at worst it is long
		}
	}
}

// tail is the end of the log.
func (c *child) tail() []byte {
	f, err := os.Open(c.log)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err == nil && info.Size() > logTail {
		_, _ = f.Seek(-logTail, io.SeekEnd)
	}
	text, _ := io.ReadAll(f)
	return text
}

// gone is an error where the child has ended by itself, with its last words.
func (c *child) gone() error {
	select {
	case <-c.ended:
	default:
		return nil
	}
	if c.stopped {
		return nil
	}
	lines := strings.Split(string(bytes.TrimSpace(c.tail())), "\n")
	return fmt.Errorf("the server ended by itself: %s", strings.TrimPrefix(lines[len(lines)-1], "kunci: "))
}

// stop ends the child and waits until it has ended.
func (c *child) stop() error {
	if c.stopped {
		return nil
	}
	c.stopped = true
	_ = c.cmd.Process.Signal(syscall.SIGTERM) // one that has ended needs none
	select {
	case <-c.ended:
		return nil
	case <-time.After(childStops):
	}
	_ = c.cmd.Process.Kill()
	<-c.ended
	return fmt.Errorf("the server did not stop within %s and was killed", childStops)
}

func (c *child) as() bench.Server {
	return bench.Server{Target: bench.Target{Addr: c.addr, Host: c.addr}, PID: c.cmd.Process.Pid}
}

// ready waits until the server says that its store reads and writes.
func (c *child) ready(ctx context.Context) error {
	for end := time.Now().Add(childWithin); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if asked(ctx, c, "/readyz") {
			return nil
		}
		if err := errors.Join(c.gone(), ctx.Err()); err != nil {
			return err
		}
	}
	return fmt.Errorf("the server is not ready within %s", childWithin)
}

// asked says whether a path is answered with 200.
func asked(ctx context.Context, c *child, path string) bool {
	conn, err := bench.Dial(ctx, c.as().Target)
	if err != nil {
		return false
	}
	defer conn.Close()
	a, err := conn.Do(ctx, []byte("GET "+path+" HTTP/1.1\r\nHost: "+c.addr+"\r\n\r\n"))
	return err == nil && a.Status == http.StatusOK
}

// startServer starts a server on a data folder and says how long it took from
// its start to its first answer.
func (m *measurement) startServer(ctx context.Context, data string) (*child, time.Duration, error) {
	begin := time.Now()
	c, err := m.startChild(ctx, "serve", "--data", data, "--listen", "127.0.0.1:0", "--public-url", benchURL,
		"--trusted-proxies", "127.0.0.1", "--sign-up", "snapotp", "--admit", "snapotp", "--log-format", "json",
		"--argon2-memory", strconv.Itoa(int(m.params.Memory>>10)), "--argon2-time", strconv.Itoa(int(m.params.Time)),
		"--hash-width", strconv.Itoa(m.width))
	if err != nil {
		return nil, 0, err
	}
	for !asked(ctx, c, "/healthz") {
		if err := errors.Join(c.gone(), ctx.Err()); err != nil {
			return nil, 0, err
		}
		time.Sleep(childPoll)
	}
	return c, time.Since(begin), nil
}
