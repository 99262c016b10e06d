package ctl_test

import (
	"context"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kunci/server/ctl"
)

var quiet = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})

func TestSocketIsPrivateAndGoes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	stop := serving(t, dir, quiet)
	info, err := os.Lstat(filepath.Join(dir, "admin.sock"))
	if err != nil || info.Mode() != fs.ModeSocket|0o600 {
		t.Fatalf("%v, %v", info.Mode(), err)
	}
	dialled(t, dir)
	stop()
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("it leaves %v, %v", left, err)
	}
	if c, err := ctl.Dial(t.Context(), dir, version); c != nil || err != nil {
		t.Errorf("after the end: %v, %v", c, err)
	}
}

// What a killed server leaves is replaced, and until then is no server.
func TestStaleSocket(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"admin.sock", ".admin.sock.new"} {
		dir := t.TempDir()
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, name)})
		if err != nil {
			t.Fatal(err)
		}
		l.SetUnlinkOnClose(false)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if c, err := ctl.Dial(t.Context(), dir, version); c != nil || err != nil {
			t.Errorf("a dead server's %s: %v, %v", name, c, err)
		}
		serving(t, dir, quiet)
		dialled(t, dir)
		if _, err := os.Lstat(filepath.Join(dir, ".admin.sock.new")); err == nil {
			t.Error("the first name is left")
		}
	}
}

func TestLiveSocketIsNotTaken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	serving(t, dir, quiet)
	_, err := ctl.Listen(dir)
	if err == nil || !strings.Contains(err.Error(), "another server answers at ") {
		t.Errorf("a second one: %v", err)
	}
	dialled(t, dir)
}

// What is not kunci's socket is refused by both ends, and stays.
func TestForeignFiles(t *testing.T) {
	t.Parallel()
	for what, make := range map[string]func(path string) error{
		"a file":   func(path string) error { return os.WriteFile(path, []byte("hello"), 0o600) },
		"a folder": func(path string) error { return os.Mkdir(path, 0o700) },
		"a link": func(path string) error {
			return os.Symlink(filepath.Join(t.TempDir(), "elsewhere"), path)
		},
		"a link to a server": func(path string) error {
			other := t.TempDir()
			serving(t, other, quiet)
			return os.Symlink(filepath.Join(other, "admin.sock"), path)
		},
	} {
		for _, name := range []string{"admin.sock", ".admin.sock.new"} {
			dir := t.TempDir()
			path := filepath.Join(dir, name)
			if err := make(path); err != nil {
				t.Fatal(err)
			}
			before, _ := os.Lstat(path)
			if l, err := ctl.Listen(dir); err == nil || !strings.HasSuffix(err.Error(), name+" is no socket, and not kunci's: move it away") {
				t.Errorf("listening over %s: %v, %v", what, l, err)
			}
			if c, err := ctl.Dial(t.Context(), dir, version); name == "admin.sock" && err == nil {
				t.Errorf("dialling %s: %v", what, c)
			}
			if after, err := os.Lstat(path); err != nil || !os.SameFile(before, after) {
				t.Errorf("%s was replaced: %v", what, err)
			}
		}
	}
}

// A socket that took the place of ours is not removed with ours.
func TestOtherSocketStays(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	stop := serving(t, dir, quiet)
	path := filepath.Join(dir, "admin.sock")
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	serving(t, dir, quiet)
	stop()
	dialled(t, dir)
}

// The address of a socket holds a hundred bytes; a folder's path may be longer,
// and may begin like an abstract address, which no folder's mode protects.
func TestAnyPath(t *testing.T) {
	for _, name := range []string{strings.Repeat("d", 60) + "/" + strings.Repeat("e", 120), "@data"} {
		dir := filepath.Join(t.TempDir(), name)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		t.Chdir(filepath.Dir(dir))
		for _, way := range []string{dir, filepath.Base(dir)} {
			stop := serving(t, way, quiet)
			dialled(t, way)
			if _, err := ctl.Listen(way); err == nil {
				t.Error("a second one")
			}
			if info, err := os.Lstat(filepath.Join(dir, "admin.sock")); err != nil || info.Mode() != fs.ModeSocket|0o600 {
				t.Errorf("%s: %v, %v", way, info, err)
			}
			stop()
		}
	}
}

// The end of ctx lets what is under way finish.
func TestDrain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, err := ctl.Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	begun, finish := make(chan bool), make(chan bool)
	slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			close(begun)
			<-finish
			_, _ = w.Write([]byte(`{"end":true,"faults":["found late"]}`))
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- ctl.Serve(ctx, l, slow, slog.New(slog.DiscardHandler)) }()
	c := dialled(t, dir)
	faults := make(chan []string)
	go func() {
		list, err := c.Check(t.Context(), unseen)
		if err != nil {
			t.Error(err)
		}
		faults <- list
	}()
	<-begun
	cancel()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if _, err := os.Lstat(filepath.Join(dir, "admin.sock")); err != nil {
			break // nobody else comes in
		}
	}
	select {
	case err := <-ended:
		t.Fatalf("it ended before its work: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	close(finish)
	if list := <-faults; len(list) != 1 {
		t.Errorf("answered %v", list)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
