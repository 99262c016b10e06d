package password

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"time"
)

const (
	maxWaiting  = 64              // callers that may wait for a slot
	maxPatience = 2 * time.Second // how long each of them waits
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

// gate bounds how many hashes run and how many callers wait. A slot is a place in a
// channel's buffer: blocked senders are served in order, and none overtakes them.
type gate struct {
	slots    chan struct{}
	waiting  atomic.Int64
	limit    int64
	patience time.Duration
}

func newGate(width int) *gate {
	return &gate{slots: make(chan struct{}, width), limit: maxWaiting, patience: maxPatience}
}

func (g *gate) load() (running, waiting int) {
	return len(g.slots), int(g.waiting.Load())
}

// enter takes a slot or says why not: *BusyError, or the context's error.
func (g *gate) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return left(err)
	}
	select {
	case g.slots <- struct{}{}:
		return nil
	default:
	}
	defer g.waiting.Add(-1)
	if g.waiting.Add(1) > g.limit {
		return newBusy()
	}
	timer := time.NewTimer(g.patience)
	defer timer.Stop()
	select {
	case g.slots <- struct{}{}:
		return nil
	case <-timer.C:
		return newBusy()
	case <-ctx.Done():
		return left(ctx.Err())
	}
}

func (g *gate) leave() { <-g.slots }

// run does the work in a slot. A context that ends while the caller waits takes it out of
// the queue; one that ends while the work is done changes nothing: by leaving, a caller can
// neither make more hashes run than there are slots nor have one for which nobody answers.
// A panic becomes an error.
func run[T any](ctx context.Context, g *gate, work func() T) (value T, err error) {
	if err := g.enter(ctx); err != nil {
		return value, err
	}
	defer g.leave()
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
