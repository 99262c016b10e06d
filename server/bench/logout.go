package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// leastSessions is how many sessions a bare file begins with where the server
// has fewer: a quick disk must not use them up.
const leastSessions = 20_000

// Logout signs sessions out, with all clients and then with one, and holds both
// to bare transactions that write as much. It ends early where the sessions
// are used up.
func (b *Bench) Logout(ctx context.Context) ([]Row, error) {
	sessions := b.Sessions
	if sessions == nil {
		sessions = b.signedIn(ctx)
	}
	if len(sessions) == 0 {
		return nil, fmt.Errorf("%s let nobody sign in, so nobody can sign out", b.Server.Addr)
	}
	few := len(sessions) / 5 // one client needs fewer
	many, err := b.logouts(ctx, sessions[few:], b.Clients)
	if err != nil {
		return nil, err
	}
	r := ended(fmt.Sprintf("%d clients", b.Clients), many, b.Clients)
	b.overIdle(&r)
	one, err := b.logouts(ctx, sessions[:few], 1)
	if err != nil {
		return nil, err
	}
	rows := []Row{r, ended("1 client", one, 1)}
	if b.Store == nil || b.Bare == nil {
		return rows, nil
	}
	for _, writers := range []int{b.Clients, 1} {
		p, err := b.endings(ctx, max(leastSessions, len(sessions)), writers)
		if err != nil {
			return rows, err
		}
		rows = append(rows, ended(fmt.Sprintf("store, %d at once", writers), p, writers))
	}
	return rows, nil
}

// ended is the row of sign-outs: those of many are held to the yardstick's
// rate, those of one to how long it waits.
func ended(what string, p pair, clients int) Row {
	if clients > 1 {
		return p.byRate("logout", what, "one bbolt Update per act")
	}
	r := row("logout", what, together(p.acts))
	if _, yard, ratio := p.by(middleMS); ratio != nil {
		r.Yardstick, r.YardstickMS, r.Ratio = "p50 of one bbolt Update", number(yard), ratio
	}
	return r
}

// logouts lets sign-outs and bare transactions take turns. Each round has its
// share of the sessions.
func (b *Bench) logouts(ctx context.Context, sessions []string, clients int) (p pair, err error) {
	share := shares(len(sessions), rounds)
	act := func(ctx context.Context, d time.Duration) *Tally {
		var used, ended [][]byte
		take := share()
		for i := take(); i >= 0; i = take() {
			from := address(uint64(i))
			used = append(used, get(b.Server.Target, pathMe, sessions[i], from))
			ended = append(ended, post(b.Server.Target, pathLogout, sessions[i], from, nil))
		}
		// Whoever signs out has asked for something before.
		b.asks(ctx, b.Clients, http.StatusOK, each(used))(ctx, usedWithin)
		return b.asks(ctx, clients, http.StatusOK, each(ended))(ctx, d)
	}
	if b.Bare == nil {
		return beside(ctx, rounds, b.Duration, act, nil), nil
	}
	yard, done, err := b.Bare.timed(max(leastSessions, len(sessions)), clients, rounds+1)
	if err != nil {
		return p, err
	}
	return beside(ctx, rounds, b.Duration, act, yard), done()
}

// endings lets the store's own acts and bare transactions take turns.
func (b *Bench) endings(ctx context.Context, sessions, writers int) (p pair, err error) {
	act, done, err := b.Store.timed(sessions, writers, rounds)
	if err != nil {
		return p, err
	}
	yard, doneBare, err := b.Bare.timed(sessions, writers, rounds+1)
	if err != nil {
		return p, errors.Join(err, done())
	}
	p = beside(ctx, rounds, b.Duration, act, yard)
	return p, errors.Join(done(), doneBare())
}

// timed is a load that ends sessions of a file made for it, so many times; done
// removes the file and says what failed.
func (e Endings) timed(sessions, workers, times int) (load timed, done func() error, err error) {
	end, remove, err := e(sessions)
	if err != nil {
		return nil, nil, err
	}
	var failure error
	var once sync.Once
	share := shares(sessions, times)
	load = func(ctx context.Context, d time.Duration) *Tally {
		take := share()
		return acts(ctx, workers, d, func(int, int) error {
			i := take()
			if i < 0 {
				return errSpent
			}
			err := end(i)
			if err != nil {
				once.Do(func() { failure = err })
			}
			return err
		})
	}
	return load, func() error { return errors.Join(failure, remove()) }, nil
}

// usedWithin bounds using all sessions of a round once.
const usedWithin = time.Minute

// each hands out requests to whichever client asks next.
func each(requests [][]byte) func(client, n int) []byte {
	var next atomic.Int64
	return func(int, int) []byte {
		if i := next.Add(1) - 1; i < int64(len(requests)) {
			return requests[i]
		}
		return nil
	}
}

// shares deals n things out in equal shares, one for each round; a share hands
// out its things, and -1 when they are used up. Rounds follow one another, the
// clients in one don't.
func shares(n, rounds int) func() (take func() int) {
	round := 0
	return func() func() int {
		var taken atomic.Int64
		taken.Store(int64(n * round / rounds))
		round++
		end := int64(n * round / rounds)
		return func() int {
			if i := taken.Add(1) - 1; i < end {
				return int(i)
			}
			return -1
		}
	}
}

// signedIn makes sessions by signing in for a while.
func (b *Bench) signedIn(ctx context.Context) (tokens []string) {
	var mu sync.Mutex
	l := Load{
		Target: b.Server.Target, Clients: signInClients, Duration: b.Duration, Expect: http.StatusOK, Next: b.signIns(signInClients + 2),
		Body: func(_ int, body []byte) {
			mu.Lock()
			defer mu.Unlock()
			if token := tokenIn(body); token != "" {
				tokens = append(tokens, token)
			}
		},
	}
	l.Closed(ctx)
	return tokens
}
