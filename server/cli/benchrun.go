package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"kunci/db"
	"kunci/db/bolt"
	"kunci/server/bench"
	"kunci/server/password"
)

// measurement is one run of bench: its children, and what it found.
type measurement struct {
	*program
	*benchConfig
	dir      string
	children []*child

	facts bench.Facts
	idle  int64
	rows  []bench.Row
}

// idleWithin is how long is waited for a server to have nothing to do: it hashes
// at its start, and what does that ends after two seconds.
const idleWithin = 3 * time.Second

func (m *measurement) wants(scenario string) bool { return slices.Contains(m.scenarios, scenario) }

// progress says on stderr what is being done: a measurement takes a while.
func (m *measurement) progress(format string, args ...any) {
	_, _ = fmt.Fprintf(m.stderr, "bench: "+format+"\n", args...)
}

func (m *measurement) add(rows ...bench.Row) { m.rows = append(m.rows, rows...) }

// stop ends the children that are left.
func (m *measurement) stop() (err error) {
	for _, c := range m.children {
		err = errors.Join(err, c.stop())
	}
	m.children = nil
	return err
}

// run measures every scenario that is wanted.
func (m *measurement) run(ctx context.Context) error {
	m.facts = bench.Facts{
		MemoryMiB: int(m.params.Memory >> 10), Passes: int(m.params.Time), Width: m.width,
		Load: bench.LoadAverage(), CPUs: runtime.NumCPU(),
	}
	hasher := password.New(m.params, m.width)
	secret := secretPassword()
	b := &bench.Bench{
		Clients: m.clients, Duration: m.duration, Rate: m.rate, Width: m.width,
		People: &bench.People{Count: m.accounts, Password: secret},
		Hash:   func(ctx context.Context) error { _, err := hasher.Hash(ctx, secret); return err },
		Bare:   m.bare, Store: m.store(ctx, hasher),
	}
	if m.target != nil {
		b.Server.Target, b.People.Run, b.Store = *m.target, "-"+hexRandom(2), nil
		if err := b.Probe(ctx); err != nil {
			return fmt.Errorf("%w: name a running kunci with --url", err)
		}
	}
	if m.target != nil && !onThisMachine(m.target.Addr) {
		b.Hash, b.Bare = nil, nil // this is another machine than the server's
	} else {
		m.progress("one password hash")
		b.Warm(ctx)
	}
	defer func() { m.facts.Hash, m.facts.HashesPerS = b.Hashing() }()
	if err := m.serverFor(ctx, b, hasher); err != nil || b.Server.Addr == "" {
		return err
	}
	if m.wants("me") && b.Hash != nil {
		hello, err := m.startHello(ctx)
		if err != nil {
			return err
		}
		b.Hello = &hello
	}
	return m.scenariosOn(ctx, b)
}

// serverFor gives the scenarios a server with accounts: one that runs, or ours,
// which stays unset where no scenario asks it anything.
func (m *measurement) serverFor(ctx context.Context, b *bench.Bench, hasher *password.Hasher) error {
	if m.target != nil {
		m.progress("signing %d people up", m.accounts)
		every := max(1, m.accounts/10)
		return b.SignUp(ctx, func(done int) {
			if done%every == 0 {
				m.progress("%d of %d people", done, m.accounts)
			}
		})
	}
	f := benchFolder{path: filepath.Join(m.dir, "data"), people: b.People, hasher: hasher}
	if err := m.fill(ctx, &f, b); err != nil {
		return err
	}
	if m.wants("start") {
		if err := m.starts(ctx, &f); err != nil {
			return err
		}
	}
	if !slices.ContainsFunc(m.scenarios, func(s string) bool { return !slices.Contains(benchOwn, s) }) {
		return nil
	}
	server, _, err := m.startServer(ctx, f.path)
	if err != nil {
		return err
	}
	b.Server = server.as()
	if err := server.ready(ctx); err != nil {
		return err
	}
	m.idle = bench.Idle(b.Server.PID, min(m.duration, idleWithin))
	b.Idle = m.idle
	return b.Probe(ctx)
}

// scenariosOn runs what is asked of a server, in order.
func (m *measurement) scenariosOn(ctx context.Context, b *bench.Bench) error {
	for _, s := range []struct {
		name string
		run  func(context.Context) ([]bench.Row, error)
	}{
		{"me", sure(b.Me)}, {"mixed", sure(b.Mixed)}, {"login", sure(b.Login)}, {"logout", b.Logout}, {"register", sure(b.Register)},
	} {
		if !m.wants(s.name) {
			continue
		}
		m.progress("%s", s.name)
		rows, err := s.run(ctx)
		m.add(rows...)
		for _, c := range m.children {
			err = errors.Join(err, c.gone())
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
	}
	return nil
}

func sure(run func(context.Context) []bench.Row) func(context.Context) ([]bench.Row, error) {
	return func(ctx context.Context) ([]bench.Row, error) { return run(ctx), nil }
}

// bare makes the file for bare transactions in the folder that is measured.
func (m *measurement) bare(sessions int) (act func(int) error, remove func() error, err error) {
	y, err := bolt.NewYardstick(filepath.Join(m.dir, "bare.db"), sessions)
	if err != nil {
		return nil, nil, err
	}
	return y.End, y.Remove, nil
}

// store makes a data folder for acts without a server, likewise.
func (m *measurement) store(ctx context.Context, hasher *password.Hasher) bench.Endings {
	return func(sessions int) (end func(int) error, remove func() error, err error) {
		f := benchFolder{path: filepath.Join(m.dir, "store"), hasher: hasher,
			people: &bench.People{Count: sessions/benchLogoutsOfOne + 1, Password: secretPassword()}}
		if _, _, err := f.make(ctx); err != nil {
			return nil, nil, err
		}
		d, err := openFiles(f.path, dataFile)
		if err != nil {
			return nil, nil, err
		}
		remove = func() error { return errors.Join(d.closeFiles(), os.RemoveAll(f.path)) }
		ids, err := f.bareSessions(ctx, d, sessions)
		if err != nil {
			return nil, nil, errors.Join(err, remove())
		}
		return func(n int) error {
			return d.store.Update(ctx, func(tx db.Tx) error { return tx.EndSession(ids[n]) })
		}, remove, nil
	}
}

// onThisMachine says whether an address is a loopback one.
func onThisMachine(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
