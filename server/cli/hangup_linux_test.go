package cli_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// pty is a new terminal: the end of whoever looks at it, and the program's.
func pty(t *testing.T) (ours, theirs *os.File) {
	t.Helper()
	ours = done(os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0))(t)
	t.Cleanup(func() { _ = ours.Close() })
	if err := unix.IoctlSetPointerInt(int(ours.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n := done(unix.IoctlGetInt(int(ours.Fd()), unix.TIOCGPTN))(t)
	return ours, done(os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0))(t)
}

// SIGHUP to a server that has a terminal is a reload like any other, as long as
// the terminal is there; a server whose terminal was closed ends.
func TestHangupOfTerminals(t *testing.T) {
	t.Parallel()
	ours, theirs := pty(t)
	data := filepath.Join(t.TempDir(), "data")
	cmd := program(t, "serve", "--listen", "127.0.0.1:0", "--public-url", publicURL, "--data", data)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = theirs, theirs, theirs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = theirs.Close()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	said := make([]byte, 0, 8<<10)
	until := func(what string) {
		t.Helper()
		for b := make([]byte, 1<<10); !strings.Contains(string(said), what); {
			n, err := ours.Read(b)
			if said = append(said, b[:n]...); err != nil && err != io.EOF {
				t.Fatalf("%v\n%s", err, said)
			}
		}
	}
	until("ready: the store reads and writes")
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	until("SIGHUP: nothing to reload")
	_ = ours.Close()
	select {
	case <-ended:
	case <-time.After(15 * time.Second):
		t.Fatal("its terminal was closed, and it is still there")
	}
	if _, err := os.Lstat(filepath.Join(data, "admin.sock")); err == nil {
		t.Error("it ended without closing what it had open")
	}
}
