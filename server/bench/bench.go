package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Server is a process that is asked. PID 0 is one that we did not start, of
// which neither CPU nor memory can be seen.
type Server struct {
	Target
	PID int
}

// Bench is what the scenarios have to work with.
type Bench struct {
	Clients  int
	Duration time.Duration // of a scenario; its yardstick takes as long again
	Rate     int           // of the open loop, per second
	Server   Server
	People   *People
	Idle     int64    // memory of the server before all load, 0: not seen
	Tokens   []string // of some of People, for scenarios that leave them standing
	Sessions []string // tokens that may be signed out; nil: they are made by signing in

	// The yardsticks; nil or zero where there is none to hold against.
	Hello *Server
	Hash  func(context.Context) error // hashes one password
	Width int                         // how many hashes run at once
	// Bare makes a bare data file whose acts have a transaction each, Store one
	// as a server has it, without a server.
	Bare, Store Endings

	hashed Tally // all bare hashing so far
}

// Endings makes a data file with so many sessions and returns what ends the
// n-th for good, and what closes and removes the file.
type Endings func(sessions int) (end func(n int) error, remove func() error, err error)

// signInClients is how many sign in at the same time: enough to keep every
// CPU busy, few enough that nobody is refused.
const signInClients = 16

// bareHash is the yardstick of whatever hashes.
func (b *Bench) bareHash() timed {
	if b.Hash == nil {
		return nil
	}
	return func(ctx context.Context, d time.Duration) *Tally {
		t := acts(ctx, b.Width, d, func(int, int) error { return b.Hash(ctx) })
		b.hashed.follow(t)
		return t
	}
}

// Warm hashes for a moment, so that Hashing has something to say whatever
// scenarios run.
func (b *Bench) Warm(ctx context.Context) {
	if yard := b.bareHash(); yard != nil {
		yard(ctx, min(b.Duration, time.Second))
	}
}

// Hashing is what bare hashing did in all of the run: the latency of one hash
// while as many as the width ran, and hashes per second. 0 where there was none.
func (b *Bench) Hashing() (one time.Duration, perSecond float64) {
	return b.hashed.Latency.Quantile(.5), b.hashed.Rate()
}

// asks runs a load against the server and watches its process.
func (b *Bench) asks(ctx context.Context, clients, expect int, next func(client, n int) []byte) timed {
	return func(ctx context.Context, d time.Duration) *Tally {
		l := Load{Target: b.Server.Target, Clients: clients, Duration: d, Expect: expect, Next: next}
		return watched(b.Server.PID, func() *Tally { return l.Closed(ctx) })
	}
}

// Probe sees whether a kunci answers there.
func (b *Bench) Probe(ctx context.Context) error {
	a, err := b.once(ctx, get(b.Server.Target, pathKeys, "", "192.0.2.1"))
	if err != nil {
		return err
	}
	var published struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if a.Status != http.StatusOK || json.Unmarshal(a.Body, &published) != nil || len(published.Keys) == 0 {
		return fmt.Errorf("%s is no kunci: it answers %d at %s", b.Server.Addr, a.Status, pathKeys)
	}
	return nil
}

// once asks one thing on a connection of its own.
func (b *Bench) once(ctx context.Context, request []byte) (a Answer, err error) {
	c, err := Dial(ctx, b.Server.Target)
	if err == nil {
		defer c.Close()
		a, err = c.Do(ctx, request)
	}
	switch {
	case errors.Is(err, errGarbage):
		err = fmt.Errorf("%s is no kunci: what it answers is not understood", b.Server.Addr)
	case ctx.Err() != nil:
		err = ctx.Err()
	case err != nil:
		err = fmt.Errorf("no answer from %s: %w", b.Server.Addr, err)
	}
	return a, err
}

// SignUp makes the people through the API, for a server whose store is out of
// reach, and keeps their tokens. The first refusal ends it.
func (b *Bench) SignUp(ctx context.Context, progress func(done int)) error {
	first, err := b.once(ctx, b.People.register(b.Server.Target, b.People.Person(0), address(0)))
	if err != nil {
		return err
	}
	if first.Status != http.StatusCreated {
		return refusedSignUp(first.Status)
	}
	b.Tokens = append(b.Tokens, tokenIn(first.Body))
	var mu sync.Mutex
	next := 1
	load := Load{
		Target: b.Server.Target, Clients: min(signInClients, b.Clients), Duration: signUpWithin, Expect: http.StatusCreated,
		Next: func(int, int) []byte {
			mu.Lock()
			defer mu.Unlock()
			if next >= b.People.Count {
				return nil
			}
			i := next
			next++
			progress(i)
			return b.People.register(b.Server.Target, b.People.Person(i), address(uint64(i)))
		},
		Body: func(_ int, body []byte) {
			mu.Lock()
			defer mu.Unlock()
			b.Tokens = append(b.Tokens, tokenIn(body))
		},
	}
	t := load.Closed(ctx)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case len(b.Tokens) == b.People.Count:
		return nil
	case t.Errors["429"] > 0:
		return refusedSignUp(http.StatusTooManyRequests)
	}
	return fmt.Errorf("only %d of %d accounts could be made at %s: %s", len(b.Tokens), b.People.Count, b.Server.Addr, counted(t.Errors))
}

// signUpWithin bounds making accounts through the API, at one hash each.
const signUpWithin = 6 * time.Hour

func refusedSignUp(status int) error {
	switch status {
	case http.StatusForbidden:
		return errors.New("that server signs nobody up: start it with snapotp in --sign-up and --admit")
	case http.StatusTooManyRequests:
		return errors.New("that server takes no more sign-ups from one address: start it with this machine in --trusted-proxies, or with --limit-sign-ups-per-hour 0")
	}
	return fmt.Errorf("that server answers a sign-up with %d: see its log", status)
}

// counted is a count by names as text: "503:12, timeout:1".
func counted(counts map[string]int) string {
	var parts []string
	for _, name := range names(counts) {
		parts = append(parts, fmt.Sprintf("%s:%d", name, counts[name]))
	}
	return strings.Join(parts, ", ")
}
