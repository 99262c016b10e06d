package server_test

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kunci/server"
	"kunci/server/password"
)

// readyz asks until it has an answer of a status.
func (a *app) readyz(t *testing.T, status int) string {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if got := a.do(t, get("/readyz")); got.status == status {
			return strings.TrimSpace(got.body)
		}
	}
	t.Fatalf("readyz never answers %d", status)
	return ""
}

// What fails besides the store is told in fixed words, and leaves the server ready.
func TestReadyParts(t *testing.T) {
	t.Parallel()
	var broken atomic.Bool
	state := func() server.State {
		if broken.Load() {
			return server.Failing
		}
		return server.OK
	}
	a := start(t, func(s *setup) {
		s.server.Parts = []server.Part{{Name: "mail", State: state}, {Name: "backups", State: func() server.State { return server.Off }}}
	})
	diff(t, "all is well", `{"status":"ready","parts":{"backups":"off","hashing":"ok","keys":"ok","mail":"ok","store":"ok"}}`, a.readyz(t, 200))
	broken.Store(true)
	diff(t, "mail fails", `{"status":"ready","parts":{"backups":"off","hashing":"ok","keys":"ok","mail":"failing","store":"ok"}}`, a.readyz(t, 200))
}

// A store that takes no writes, and keys that are gone from the disk.
func TestReadyWithoutStoreOrKeys(t *testing.T) {
	t.Parallel()
	a := start(t, storeFull)
	want := `{"status":"not ready","parts":{"hashing":"ok","keys":"ok","store":"failing"}}`
	for end := time.Now().Add(10 * time.Second); a.readyz(t, 503) != want; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) { // until the first probe nothing is known to be well
			t.Fatalf("readyz answers %s", a.readyz(t, 503))
		}
	}
	b := start(t, func(s *setup) { s.keysLost = true })
	diff(t, "keys gone", `{"status":"ready","parts":{"hashing":"ok","keys":"failing","store":"ok"}}`, b.readyz(t, 200))
}

// Where a hash was refused for want of room, hashing fails for a while.
func TestReadyWithoutRoomForHashes(t *testing.T) {
	t.Parallel()
	slow := password.New(password.Params{Memory: 16 << 10, Time: 2, Threads: 1}, 1)
	a := start(t, func(s *setup) { s.hasher = slow })
	var all sync.WaitGroup
	for i := range 66 { // one runs, 64 wait
		all.Go(func() {
			_, _ = slow.For(netip.AddrFrom4([4]byte{192, 0, byte(i), 1})).Hash(t.Context(), "whatever it is")
		})
	}
	all.Wait()
	diff(t, "refused", `{"status":"ready","parts":{"hashing":"failing","keys":"ok","store":"ok"}}`, a.readyz(t, 200))
}

// Every answer is told of once, under the pattern of its route, never its path.
func TestObserve(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	counts := map[string]int{}
	a := start(t, dev, func(s *setup) {
		s.outbox = true
		s.server.Observe = func(route string) func(int, time.Duration) {
			return func(status int, took time.Duration) {
				mu.Lock()
				defer mu.Unlock()
				counts[fmt.Sprint(route, " ", status)]++
				if took <= 0 || took > time.Minute {
					t.Errorf("%s took %v", route, took)
				}
			}
		}
	})
	a.do(t, get("/healthz"))
	a.do(t, request{method: "HEAD", path: "/healthz"})
	a.do(t, postJSON("/api/auth/login", map[string]any{"username": "nobody", "password": wrong}))
	a.do(t, get("/api/auth/me"))
	a.do(t, get("/nowhere/"+wrong))
	a.do(t, get("/api%2Fauth/me"))
	a.do(t, request{method: "PATCH", path: "/healthz"})
	a.do(t, request{method: "OPTIONS", path: "/healthz"})
	mu.Lock()
	defer mu.Unlock()
	diff(t, "told", map[string]int{
		"/healthz 200": 2, "/api/auth/login 401": 1, "/api/auth/me 401": 1, " 404": 2, " 405": 1, " 204": 1,
	}, counts)
}
