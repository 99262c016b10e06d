package ctl_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"kunci/db"
	"kunci/db/dbtest"
	"kunci/server/auth"
	"kunci/server/ctl"
	"kunci/server/password"
	"kunci/server/token"
)

const version = "v1.2.3"

// house is an operator with a handler, and what the handler has logged.
type house struct {
	t     testing.TB
	op    auth.Operator
	store *db.Store
	log   *lines
}

func newHouse(t testing.TB) *house {
	t.Helper()
	return houseOver(t, dbtest.Open(t))
}

func houseOver(t testing.TB, store *db.Store) *house {
	t.Helper()
	h := &house{t: t, store: store, log: &lines{}}
	ring, err := token.Create(filepath.Join(t.TempDir(), "keys"), h.store.Info().Instance.String(), time.Now())
	h.check(err)
	h.op = auth.Operator{Service: auth.New(auth.Config{
		AuditMost: 1000, AuditKeep: time.Hour,
		Store: h.store, Ring: ring, Hasher: password.New(password.Params{Memory: 64, Time: 1, Threads: 1}, 2),
		PublicURL: "https://login.example.test", SessionLifetime: time.Hour, Audiences: []string{"snapotp"},
	})}
	return h
}

func (h *house) handler() http.Handler { return ctl.Handler(h.op, version, slog.New(h.log.handler())) }

// local is a client in this process.
func (h *house) local() *ctl.Client {
	c := ctl.Local(h.op, version)
	h.t.Cleanup(c.Close)
	return c
}

// live is a client of a server in a folder of its own.
func (h *house) live() *ctl.Client {
	h.t.Helper()
	dir := h.t.TempDir()
	serving(h.t, dir, h.handler())
	return dialled(h.t, dir)
}

func (h *house) check(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// serving serves a folder until the test or stop ends it, which must be in
// order.
func serving(t testing.TB, dir string, handler http.Handler) (stop func()) {
	t.Helper()
	l, err := ctl.Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- ctl.Serve(ctx, l, handler, slog.New(slog.DiscardHandler)) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("serving ended with %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func dialled(t testing.TB, dir string) *ctl.Client {
	t.Helper()
	c, err := ctl.Dial(t.Context(), dir, "v0.9.0")
	if err != nil || c == nil {
		t.Fatalf("dialled %v, %v", c, err)
	}
	t.Cleanup(c.Close)
	return c
}

// lines are what is logged, one JSON object each.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) handler() slog.Handler { return slog.NewJSONHandler(l, nil) }

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// last is the members of the last line, once there are n.
func (l *lines) last(t testing.TB, n int) (m map[string]any) {
	t.Helper()
	all := []string{""}
	for end := time.Now().Add(5 * time.Second); len(all) <= n && time.Now().Before(end); time.Sleep(time.Millisecond) {
		all = strings.SplitAfter(l.text(), "\n") // it is written after the answer
	}
	if len(all) != n+1 {
		t.Fatalf("%d lines, want %d:\n%s", len(all)-1, n, l.text())
	}
	if err := json.Unmarshal([]byte(all[n-1]), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func ptr[T any](v T) *T { return &v }

// must fails the test where an act that has to succeed does not.
func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func newUser(email string) auth.NewUser {
	return auth.NewUser{Edit: auth.Edit{Email: &email, Name: ptr("Siti Rahma")}}
}

var errStop = errors.New("enough")
