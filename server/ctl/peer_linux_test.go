package ctl_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"kunci/server/ctl"
)

// Another user is refused even where modes let it through to the socket.
func TestAnotherUserIsRefused(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can be another user")
	}
	dir := t.TempDir()
	l, err := ctl.Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	log := &lines{}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- ctl.Serve(ctx, l, quiet, slog.New(log.handler())) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	path := filepath.Join(dir, "admin.sock")
	if _, err := ask(path, 65534); !errors.Is(err, syscall.EACCES) {
		t.Errorf("the socket's own mode lets user 65534 in: %v", err)
	}
	for at, mode := range map[string]os.FileMode{path: 0o666, dir: 0o755, filepath.Dir(dir): 0o755} {
		if err := os.Chmod(at, mode); err != nil {
			t.Fatal(err)
		}
	}
	if answer, err := ask(path, 65534); answer != "" {
		t.Errorf("user 65534 is answered %q, %v", answer, err)
	}
	if m := log.last(t, 1); m["user"] != 65534. || m["level"] != "WARN" {
		t.Errorf("logged %v", m)
	}
	if answer, err := ask(path, 0); !strings.HasPrefix(answer, "HTTP/1.1 200") {
		t.Errorf("root is answered %q, %v", answer, err)
	}
}

// ask says hello as another user: a thread of its own takes that on, and ends
// with it.
func ask(path string, uid int) (answer string, err error) {
	done := make(chan bool)
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked
		if uid != 0 {
			if _, _, no := syscall.RawSyscall(syscall.SYS_SETRESUID, ^uintptr(0), uintptr(uid), ^uintptr(0)); no != 0 {
				err = no
				return
			}
		}
		answer, err = hello(path)
	}()
	<-done
	return answer, err
}

func hello(path string) (string, error) {
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return "", err
	}
	defer func() { _ = syscall.Close(fd) }()
	patience := syscall.NsecToTimeval(int64(5 * time.Second))
	if err := syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &patience); err != nil {
		return "", err
	}
	if err := syscall.Connect(fd, &syscall.SockaddrUnix{Name: path}); err != nil {
		return "", err
	}
	if _, err := syscall.Write(fd, []byte("GET / HTTP/1.1\r\nHost: kunci\r\nConnection: close\r\n\r\n")); err != nil {
		return "", fmt.Errorf("writing: %w", err)
	}
	b := make([]byte, 1000)
	n, err := syscall.Read(fd, b)
	return string(b[:max(n, 0)]), err
}
