package cli_test

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"kunci/server/cli"
)

// cycle starts a server in this process, asks it something, and stops it.
func cycle(t *testing.T, data string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	p := &process{ended: make(chan error, 1)}
	code := make(chan int, 1)
	go func() {
		args := []string{"kunci", "serve", "--listen", "127.0.0.1:0", "--public-url", publicURL, "--data", data}
		code <- cli.Main(ctx, args, []string{"KUNCI_ARGON2_MEMORY=7", "KUNCI_ARGON2_TIME=1"}, strings.NewReader(""), p, p)
	}()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		if m := frontPage.FindStringSubmatch(p.text()); m != nil {
			if r, err := client.Post(m[1]+"/api/auth/login", "application/json", strings.NewReader(`{"username": "nobody", "password": "whatever1"}`)); err == nil {
				if _ = r.Body.Close(); r.StatusCode != http.StatusUnauthorized {
					t.Fatalf("a sign-in: %s", r.Status)
				}
				break
			}
		}
		if time.Now().After(end) {
			t.Fatalf("the server does not answer\n%s", p.text())
		}
	}
	stop()
	select {
	case got := <-code:
		if got != 0 {
			t.Fatalf("exit %d\n%s", got, p.text())
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the server has not ended")
	}
}

// open counts goroutines and descriptors.
func open(t *testing.T) (goroutines, descriptors int) {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skipf("the descriptors of this process can't be listed: %v", err)
	}
	return runtime.NumGoroutine(), len(files)
}

// A server that has ended leaves nothing behind in its process. It counts what
// the whole process holds, and so runs alone.
func TestCyclesLeaveNothing(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	cycle(t, data) // what is made once for good
	goroutines, descriptors := open(t)
	for range times(10, 100) {
		cycle(t, data)
	}
	var g, d int
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if g, d = open(t); g <= goroutines && d <= descriptors {
			t.Logf("%d goroutines and %d descriptors before, %d and %d after %d cycles", goroutines, descriptors, g, d, times(10, 100))
			return
		}
	}
	var stacks bytes.Buffer
	_ = pprof.Lookup("goroutine").WriteTo(&stacks, 1)
	t.Errorf("%d goroutines and %d descriptors became %d and %d\n%s", goroutines, descriptors, g, d, stacks.String())
}
