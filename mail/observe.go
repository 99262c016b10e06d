package mail

import (
	"errors"
	"sync"
)

// Outcome is how one attempt to send a letter ended.
type Outcome string

// The outcomes.
const (
	Sent     Outcome = "sent"
	Deferred Outcome = "deferred" // it failed, and will be repeated
	Dropped  Outcome = "dropped"  // it failed, or came too late, and will not
)

// Outcomes is every outcome there is.
func Outcomes() []Outcome { return []Outcome{Sent, Deferred, Dropped} }

// manyFailures in a row are no longer the fault of one receiver.
const manyFailures = 3

// health is how the worker has fared of late.
type health struct {
	mu     sync.Mutex
	row    int  // failed attempts since a letter last went out
	broken bool // the queue can't be read
	stuck  int  // attempts whose end can't be recorded
}

// Observe has fn told of every attempt. Call it before Run; fn must return at
// once, and is called by several goroutines at once.
func (w *Worker) Observe(fn func(Outcome)) { w.observer = fn }

// Failing says whether mail as a whole does not go out: the last attempts have
// all failed, for another reason than that a server refused the letter for
// good, or the queue can't be read or written.
func (w *Worker) Failing() bool {
	w.health.mu.Lock()
	defer w.health.mu.Unlock()
	return w.health.row >= manyFailures || w.health.broken || w.health.stuck > 0
}

// told notes how an attempt ended.
func (w *Worker) told(o Outcome, err error) {
	w.health.mu.Lock()
	switch {
	case o == Sent:
		w.health.row = 0
	case err != nil && !errors.As(err, new(*PermanentError)):
		w.health.row++
	}
	w.health.mu.Unlock()
	w.observer(o)
}

// readable notes whether the queue could be read, and says whether it could
// before.
func (w *Worker) readable(ok bool) (before bool) {
	w.health.mu.Lock()
	defer w.health.mu.Unlock()
	before = !w.health.broken
	w.health.broken = !ok
	return before
}

// unrecorded notes that one attempt more, or fewer, has an end that can't be
// recorded.
func (w *Worker) unrecorded(by int) {
	w.health.mu.Lock()
	defer w.health.mu.Unlock()
	w.health.stuck += by
}
