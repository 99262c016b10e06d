package server

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"kunci/server/auth"
)

// State is how a part of the server fares. Strangers read it: it says no more.
type State string

// The states.
const (
	OK      State = "ok"
	Failing State = "failing"
	Off     State = "off" // it is not set up
)

// Part is something of which /readyz tells how it fares. The server goes on
// answering while it fails.
type Part struct {
	Name  string
	State func() State // must return at once
}

// Ready says whether the server can do its work, which is for as long as the
// store reads and writes, and how its parts fare (CONTRACT 6).
func (s *Server) Ready() (ready bool, parts map[string]State) {
	ready = s.ready.store.Load()
	parts = map[string]State{
		"store":   StateOf(ready),
		"keys":    StateOf(s.ready.keys.Load()),
		"hashing": StateOf(time.Since(s.Auth.Hasher.Refused()) > roomAgain),
	}
	for _, p := range s.Parts {
		parts[p.Name] = p.State()
	}
	return ready, parts
}

// StateOf is how a part fares that is set up.
func StateOf(ok bool) State {
	if ok {
		return OK
	}
	return Failing
}

// roomAgain is how long after a password was last refused a hash there counts
// as room for all.
const roomAgain = time.Minute

// readiness is what the background probe found last.
type readiness struct {
	store atomic.Bool // it reads and writes
	keys  atomic.Bool // their files stand, so that the next start finds them
}

const (
	probeEvery  = 5 * time.Second
	probeWithin = 3 * time.Second
)

// watch probes until ctx ends, tells what it found each time, and says in the
// log when that changes.
func (r *readiness) watch(ctx context.Context, s *auth.Service, tell func(error), log *slog.Logger) {
	r.look(s, log, true)
	go r.watchKeys(ctx, s, log) // beside it: a disk that hangs must not keep the store from being found failing
	for first := true; ; first = false {
		within, cancel := context.WithTimeout(ctx, probeWithin)
		err := s.Probe(within)
		cancel()
		if was := r.store.Swap(err == nil); ctx.Err() == nil && (first || was != (err == nil)) {
			if err != nil {
				log.Error("not ready: the store does not read and write", "cause", err.Error())
			} else {
				log.Info("ready: the store reads and writes")
			}
		}
		if tell != nil {
			tell(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(probeEvery):
		}
	}
}

// watchKeys looks after the files of the keys until ctx ends.
func (r *readiness) watchKeys(ctx context.Context, s *auth.Service, log *slog.Logger) {
	every := time.NewTicker(probeEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
			r.look(s, log, false)
		}
	}
}

// look sees whether the files of the keys stand, and says in the log when they
// no longer do.
func (r *readiness) look(s *auth.Service, log *slog.Logger, first bool) {
	err := s.Ring.Check()
	if was := r.keys.Swap(err == nil); err != nil && (first || was) {
		log.Error("the signing keys in memory still serve, but those on the disk are not whole", "cause", err.Error())
	}
}
