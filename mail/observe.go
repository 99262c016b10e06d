package mail

import (
	"errors"
	"slices"
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

// manyFailures of different letters in a row are no longer the fault of one
// receiver.
const manyFailures = 3

// health is how the worker has fared of late.
type health struct {
	mu     sync.Mutex
	row    []string // jobs that failed since a letter last went out, manyFailures at most
	broken bool     // the queue can't be read
	stuck  int      // attempts whose end can't be recorded
}

// Observe has fn told of every attempt. Call it before Run; fn must return at
// once, and is called by several goroutines at once.
func (w *Worker) Observe(fn func(Outcome)) { w.observer = fn }

// Failing says whether mail as a whole does not go out: several letters have
// failed since one last went out, for another reason than that a server refused
// them for good, and something still waits; or the queue can't be read or
// written.
func (w *Worker) Failing() bool {
	w.health.mu.Lock()
	defer w.health.mu.Unlock()
	return len(w.health.row) >= manyFailures || w.health.broken || w.health.stuck > 0
}

// told notes how an attempt at a job ended.
func (w *Worker) told(job string, o Outcome, err error) {
	w.health.mu.Lock()
	switch row := w.health.row; {
	case o == Sent:
		w.health.row = nil
	case err != nil && !errors.As(err, new(*PermanentError)) && len(row) < manyFailures && !slices.Contains(row, job):
		w.health.row = append(row, job)
	}
	w.health.mu.Unlock()
	w.observer(o)
}

// failed says whether a letter has failed since one last went out.
func (w *Worker) failed() bool {
	w.health.mu.Lock()
	defer w.health.mu.Unlock()
	return len(w.health.row) > 0
}

// emptied notes that nothing waits: what failed before says nothing of what is
// still to come.
func (w *Worker) emptied() {
	w.health.mu.Lock()
	defer w.health.mu.Unlock()
	w.health.row = nil
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
