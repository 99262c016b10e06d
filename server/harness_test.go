package server_test

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"kunci/db"
	"kunci/db/dbtest"
	"kunci/mail"
	"kunci/server"
	"kunci/server/auth"
	"kunci/server/dialect"
	"kunci/server/password"
	"kunci/server/token"
)

// publicURL is where the server under test says it is; nothing listens there,
// so whatever is built from a request's Host shows.
const publicURL = "https://kunci.test"

// setup is what a test may choose before the server starts.
type setup struct {
	auth   auth.Config
	server server.Config
	hasher *password.Hasher
	outbox bool // mails are sent to files
	full   bool // the store takes no writes, from the start

	keysLost bool // the files of the keys are gone, from the start
}

// option changes a setup.
type option func(*setup)

// app is a server with all that belongs to it, answering on loopback.
type app struct {
	*auth.Service
	op     auth.Operator
	engine *engine
	clock  *clock
	addr   string
	hasher *password.Hasher
	outbox *mail.Outbox
	log    *record
	dev    bool
}

// start runs a server until the test ends. By then every line of its log must
// be JSON without a secret in it, and the data file must hold together.
func start(t *testing.T, options ...option) *app {
	t.Helper()
	c := &clock{now: time.Now().Truncate(time.Second)}
	s := &setup{hasher: password.New(password.Params{Memory: 64, Time: 1, Threads: 1}, 2)}
	s.auth = auth.Config{
		AuditMost: 1000, AuditKeep: time.Hour,
		PublicURL: publicURL, SessionLifetime: 30 * 24 * time.Hour, Audiences: dialect.Names(),
		Admit: []string{"snapotp", "shoop"}, Registers: dialect.Registers(), Now: c.Now,
	}
	for _, o := range options {
		o(s)
	}
	a := &app{engine: openEngine(t), clock: c, hasher: s.hasher, log: newRecord(t), dev: s.server.Dev}
	log := slog.New(server.NewLogHandler(a.log, slog.LevelInfo))
	store, err := db.New(a.engine)
	must(t, err)
	keys := filepath.Join(t.TempDir(), "keys")
	ring, err := token.Create(keys, store.Info().Instance.String(), c.Now())
	must(t, err)
	if s.keysLost {
		must(t, os.RemoveAll(keys))
	}
	a.engine.full.Store(s.full)
	s.auth.Store, s.auth.Hasher, s.auth.Ring = store, s.hasher, ring

	var background sync.WaitGroup
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(func() { stop(); background.Wait() })
	var worker *mail.Worker
	if s.outbox {
		a.outbox, err = mail.NewOutbox(filepath.Join(t.TempDir(), "outbox"))
		must(t, err)
		s.auth.MailQueued = func() { worker.Wake() }
	}
	a.Service = auth.New(s.auth)
	a.op = auth.Operator{Service: a.Service}
	t.Cleanup(func() { a.auditKeepsSecrets(t) })
	if s.outbox {
		worker = mail.NewWorker(auth.Mails{Service: a.Service}, a.outbox, "kunci <no-reply@kunci.test>", log)
		background.Go(func() { worker.Run(ctx) })
	}
	s.server.Auth, s.server.Log = a.Service, log
	a.listen(ctx, t, &background, server.New(s.server))
	return a
}

func (a *app) listen(ctx context.Context, t *testing.T, background *sync.WaitGroup, s *server.Server) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	a.addr = l.Addr().String()
	background.Go(func() {
		if err := s.Serve(ctx, l); err != nil {
			t.Errorf("serving: %v", err)
		}
	})
}

// openEngine makes an empty data file. At cleanup it is closed, and checked
// by what is on the disk.
func openEngine(t *testing.T) *engine {
	t.Helper()
	e, path := dbtest.Engine(t)
	t.Cleanup(func() {
		must(t, e.Close())
		dbtest.OpenFile(t, path) // its own cleanup checks
	})
	return &engine{Engine: e}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// clock is the time of the server under test.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now is what the server believes.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// dev is what --dev changes in the core and at the door (CONTRACT 7).
func dev(s *setup) {
	s.auth.AllowCommon, s.server.Dev = true, true
	s.auth.GoogleMode, s.auth.FacebookMode = auth.SocialTrust, auth.SocialTrust
	s.auth.Admit = []string{"snapotp", "shoop", "smart", "pwa"}
	s.auth.Limits.ExemptLoopback = true
}

// behindProxy lets tests choose the address that a request comes from.
func behindProxy(s *setup) {
	s.server.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
}

func storeFull(s *setup) { s.full = true }

func withOutbox(s *setup) { s.outbox = true }

func admit(names ...string) option {
	return func(s *setup) { s.auth.Admit = names }
}

func limits(l auth.Limits) option {
	return func(s *setup) { s.auth.Limits = l }
}
