package bench

import (
	"context"
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
	r := many.byRate("logout", fmt.Sprintf("%d clients", b.Clients), "one bbolt Update per act")
	b.overIdle(&r)

	one, err := b.logouts(ctx, sessions[:few], 1)
	if err != nil {
		return nil, err
	}
	alone := row("logout", "1 client", together(one.acts))
	if _, yard, ratio := one.by(middleMS); ratio != nil {
		alone.Yardstick, alone.YardstickMS, alone.Ratio = "p50 of one bbolt Update", number(yard), ratio
	}
	return []Row{r, alone}, nil
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
	count := max(leastSessions, len(sessions))
	bare, remove, err := b.Bare(count)
	if err != nil {
		return p, err
	}
	var failure error
	var once sync.Once
	bareShare := shares(count, rounds+1)
	yard := func(ctx context.Context, d time.Duration) *Tally {
		take := bareShare()
		return acts(ctx, clients, d, func(int, int) error {
			i := take()
			if i < 0 {
				return errSpent
			}
			err := bare(i)
			if err != nil {
				once.Do(func() { failure = err })
			}
			return err
		})
	}
	p = beside(ctx, rounds, b.Duration, act, yard)
	if err := remove(); failure == nil {
		failure = err
	}
	return p, failure
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
