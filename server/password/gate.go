package password

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"time"
)

const (
	maxWaiting  = 64              // callers that may wait for a slot, or 32 a slot
	maxPatience = 4 * time.Second // how long each of them waits
)

// BusyError says that no hash could be run now: 503 with Retry-After (CONTRACT 4).
type BusyError struct {
	RetryAfter time.Duration // whole seconds, one or two
}

// Error names the delay.
func (e *BusyError) Error() string {
	return fmt.Sprintf("password: no capacity for hashing, try again in %s", e.RetryAfter)
}

// newBusy spreads the second tries, else all who were refused at once come back at once.
func newBusy() *BusyError {
	return &BusyError{RetryAfter: time.Duration(1+rand.IntN(2)) * time.Second}
}

// gate bounds how many hashes run and how many callers wait. A slot that comes
// free goes to the caller whose network had the least of late, not to who came
// first: else a few who ask without pause would keep everybody out, whatever
// their passwords are.
type gate struct {
	width, limit int
	patience     time.Duration
	tell         Observer

	mu      sync.Mutex
	running int
	queue   []*waiter // in order of arrival; empty while a slot is free
	past    shares
	usual   time.Duration // of a hash, by those of late
	refused time.Time     // when a caller last was
}

// waiter is a caller in the queue. turn gets one value at most, and only from
// whoever took it out of the queue: true for a slot, false for giving way.
type waiter struct {
	nets  networks
	since time.Time
	turn  chan bool
}

func newGate(width int) *gate {
	// Sixteen and more cores would have served 64 before their patience ends.
	return &gate{width: width, limit: max(maxWaiting, 32*width), patience: maxPatience, past: shares{of: map[netip.Prefix]share{}}, tell: nobody()}
}

func (g *gate) load() (running, waiting int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.running, len(g.queue)
}

// enter takes a slot for a network or says why not: *BusyError, or the
// context's error.
func (g *gate) enter(ctx context.Context, from networks) error {
	if err := ctx.Err(); err != nil {
		return left(err)
	}
	w, free := g.join(from)
	switch {
	case free:
		g.tell.Waited(0)
		return nil
	case w == nil:
		return g.busy()
	}
	timer := time.NewTimer(g.patience)
	defer timer.Stop()
	select {
	case mine := <-w.turn:
		return g.granted(mine, w)
	case <-timer.C:
		if g.quit(w) {
			return g.busy()
		}
	case <-ctx.Done():
		if g.quit(w) {
			return left(ctx.Err())
		}
	}
	return g.granted(<-w.turn, w) // it came at the same moment
}

func (g *gate) granted(mine bool, w *waiter) error {
	if !mine {
		return g.busy()
	}
	g.tell.Waited(time.Since(w.since))
	return nil
}

// busy refuses a caller.
func (g *gate) busy() error {
	g.mu.Lock()
	g.refused = time.Now()
	g.mu.Unlock()
	g.tell.Refused()
	return newBusy()
}

// join takes a slot that is free, or a place in the queue. Where that is full,
// who would be served last gives way, be it the one who came: w is nil then.
func (g *gate) join(from networks) (w *waiter, free bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if g.running < g.width {
		g.running++
		g.past.count(from, 1, now)
		return nil, true
	}
	w = &waiter{nets: from, since: now, turn: make(chan bool, 1)}
	g.queue = append(g.queue, w)
	if len(g.queue) > g.limit {
		out := g.past.last(g.queue, now)
		g.remove(out)
		if out == w {
			return nil, false
		}
		out.turn <- false
	}
	return w, false
}

// quit takes a caller out of the queue; false says that somebody else did, and
// that turn tells why.
func (g *gate) quit(w *waiter) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.remove(w)
}

// remove is quit for whoever holds mu.
func (g *gate) remove(w *waiter) bool {
	i := slices.Index(g.queue, w)
	if i < 0 {
		return false
	}
	g.queue = slices.Delete(g.queue, i, i+1)
	return true
}

// leave hands a slot on. A hash that took as long as several counts as many.
func (g *gate) leave(from networks, took time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if g.usual > 0 {
		g.past.count(from, float64(took)/float64(g.usual)-1, now)
		g.usual += (took - g.usual) / 16
	} else {
		g.usual = took
	}
	if len(g.queue) == 0 {
		g.running--
		return
	}
	w := g.past.first(g.queue, now, g.worth())
	g.remove(w)
	g.past.count(w.nets, 1, now)
	w.turn <- true
}

// worth is how many hashes had of late a second of waiting makes up for: a fifth
// of what runs in it. Networks that ask without pause had so many that nobody's
// patience makes up for them.
func (g *gate) worth() float64 {
	if g.usual <= 0 {
		return 0
	}
	return float64(g.width) / g.usual.Seconds() / 5
}

// run does the work in a slot. A context that ends while the caller waits takes it out of
// the queue; one that ends while the work is done changes nothing: by leaving, a caller can
// neither make more hashes run than there are slots nor have one for which nobody answers.
// A panic becomes an error.
func run[T any](ctx context.Context, g *gate, from networks, work func() T) (value T, err error) {
	if err := g.enter(ctx, from); err != nil {
		return value, err
	}
	began := time.Now()
	defer func() {
		took := time.Since(began)
		g.leave(from, took)
		g.tell.Hashed(took)
	}()
	defer func() {
		if cause := recover(); cause != nil {
			err = panicked(cause)
		}
	}()
	return work(), nil
}

func left(err error) error {
	return fmt.Errorf("password: caller left: %w", err)
}

// panicked tells the runtime's own words; any other value is only named by its type,
// since it might hold what was being hashed.
func panicked(cause any) error {
	if err, ok := cause.(runtime.Error); ok {
		return fmt.Errorf("password: hashing panicked: %w", err)
	}
	return fmt.Errorf("password: hashing panicked with a %T", cause)
}
