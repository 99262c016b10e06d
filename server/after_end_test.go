package server_test

import (
	"sync"
	"sync/atomic"
	"testing"
)

// However many ask with a token that was good a moment ago, from the moment
// that an act which ends its session was acknowledged not one of them gets in.
func TestNobodyGetsInAfterTheEnd(t *testing.T) {
	t.Parallel()
	const email = "dashboard@example.com"
	for name, end := range map[string]func(*testing.T, *app, string){
		"logout":  func(t *testing.T, a *app, tok string) { a.want(t, 200, logout(tok)) },
		"reset":   func(t *testing.T, a *app, _ string) { a.reset(t, email, "Lain-Lagi-1") },
		"disable": func(t *testing.T, a *app, _ string) { must(t, a.op.Disable(t.Context(), email)) },
		"revoke":  func(t *testing.T, a *app, _ string) { must(t, a.op.RevokeSessions(t.Context(), email)) },
		"delete":  func(t *testing.T, a *app, _ string) { must(t, a.op.Delete(t.Context(), email)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := start(t)
			people(t, a)
			tok := a.want(t, 200, signIns["dashboard"](email, secret)).credential(t)
			asked := a.askOn(t, tok, 12)
			end(t, a, tok)
			asked.end(t)
		})
	}
}

// asking is several clients that ask me with one token without pause.
type asking struct {
	ended        atomic.Bool
	before, late atomic.Int64
	clients      sync.WaitGroup
}

// askOn starts clients, and returns when each has been let in twice: by then
// the token's signature is no longer looked at.
func (a *app) askOn(t *testing.T, tok string, clients int) *asking {
	var all asking
	var warm sync.WaitGroup
	warm.Add(clients)
	for range clients {
		all.clients.Go(func() {
			for n := 0; ; n++ {
				was := all.ended.Load()
				got := a.do(t, me(tok))
				switch {
				case got.status == 200 && was:
					all.late.Add(1)
				case got.status == 200:
					all.before.Add(1)
				case got.status != 401:
					t.Errorf("me answered %d", got.status)
				}
				if n == 1 {
					warm.Done()
				}
				if was && n > 2 {
					return
				}
			}
		})
	}
	warm.Wait()
	return &all
}

// end is called when the act that ends the session was acknowledged.
func (all *asking) end(t *testing.T) {
	t.Helper()
	all.ended.Store(true)
	all.clients.Wait()
	if all.late.Load() > 0 {
		t.Errorf("%d were let in after the end", all.late.Load())
	}
	if all.before.Load() < 24 {
		t.Errorf("only %d were let in before it, so this shows nothing", all.before.Load())
	}
}
