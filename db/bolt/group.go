package bolt

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"go.etcd.io/bbolt"

	"kunci/db"
)

// act is one Update on its way through the writer.
type act struct {
	fn    func(db.Writer) error
	taken atomic.Bool

	err      error
	panicked any
	ran      chan struct{} // fn has come to its end
	done     chan struct{} // err is what became of it
}

// abandon takes an act back that the writer has not yet taken up.
func (a *act) abandon() bool { return a.taken.CompareAndSwap(false, true) }

// most is how many acts share a commit: enough to spread one sync over, few
// enough that nobody waits long for the rest.
const most = 256

// write is the one goroutine that commits.
func (e *Engine) write() {
	defer close(e.stopped)
	for {
		select {
		case first := <-e.queue:
			// Callers that the last commit has just woken get to queue up
			// before the next begins.
			runtime.Gosched()
			e.commit(e.gather(first))
		case a := <-e.loads: // by turns with the queue, so that neither waits for ever
			e.load(a)
		case <-e.closing:
			e.refuse()
			return
		}
	}
}

// gather takes what has queued up, without waiting for more.
func (e *Engine) gather(first *act) []*act {
	batch := []*act{first}
	for len(batch) < most {
		select {
		case a := <-e.queue:
			batch = append(batch, a)
		default:
			return batch
		}
	}
	return batch
}

// refuse answers those who queued up while the engine closed.
func (e *Engine) refuse() {
	for {
		select {
		case a := <-e.queue:
			if a.abandon() {
				a.err = db.ErrUnavailable
				close(a.ran)
				close(a.done)
			}
		default:
			return
		}
	}
}

// commit runs a batch in one transaction and tells each act what became of it.
func (e *Engine) commit(batch []*act) {
	taken := batch[:0]
	for _, a := range batch {
		if a.abandon() {
			taken = append(taken, a)
		}
	}
	if len(taken) == 0 {
		return
	}
	ran := 0
	err := e.transact(len(taken), func(tx *bbolt.Tx) (wrote bool, err error) {
		for _, a := range taken {
			did, err := a.run(tx)
			if err != nil {
				return false, err
			}
			wrote = did || wrote
			close(a.ran)
			ran++
		}
		return wrote, nil
	})
	for i, a := range taken {
		if i >= ran {
			close(a.ran)
		}
		if err != nil {
			a.err = err
		}
		close(a.done)
	}
}

// transact does one bbolt transaction for so many acts and commits it when
// something was written. A commit whose outcome is open, or damage met on the way, ends all
// writing.
func (e *Engine) transact(acts int, run func(*bbolt.Tx) (bool, error)) (err error) {
	if failure := e.Failure(); failure != nil {
		return fmt.Errorf("%w: %v", db.ErrUnavailable, failure)
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	began := time.Now()
	tx, err := e.bolt.Begin(true)
	if err != nil {
		return fmt.Errorf("%w: %v", db.ErrUnavailable, err)
	}
	id := tx.ID()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", db.ErrEngineDamaged, p)
			e.fail(err)
			e.told(began, acts, err)
		}
	}()
	wrote, err := run(tx)
	if err != nil || !wrote {
		return errors.Join(err, tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		if !noSpace(err) || e.advanced(id) {
			e.fail(fmt.Errorf("a commit failed and may or may not have happened: %w", err))
		}
		err = fmt.Errorf("%w: %v", db.ErrUnavailable, err)
		e.told(began, acts, err)
		return err
	}
	e.told(began, acts, nil)
	return nil
}

// noSpace recognises a full disk; bbolt flattens some of these errors to text.
func noSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) ||
		strings.Contains(err.Error(), syscall.ENOSPC.Error()) || strings.Contains(err.Error(), syscall.EDQUOT.Error())
}

// advanced says whether the file already shows the transaction whose commit
// failed: then it has happened, though nobody can say for how long.
func (e *Engine) advanced(id int) bool {
	tx, err := e.bolt.Begin(false)
	if err != nil {
		return true
	}
	defer func() { _ = tx.Rollback() }()
	return tx.ID() >= id
}

// run does one act over the transaction. Its writes join it only when it
// succeeded, so that one that fails does not disturb the rest. The error is
// one that the whole transaction must not survive.
func (a *act) run(tx *bbolt.Tx) (wrote bool, err error) {
	o := &overlay{reader: reader{tx}}
	if a.err = a.try(o); a.err == nil && a.panicked == nil {
		a.err = o.valid()
	}
	if a.err != nil || a.panicked != nil {
		return false, nil
	}
	return len(o.writes) > 0, o.apply(tx)
}

func (a *act) try(w db.Writer) (err error) {
	defer func() { a.panicked = recover() }()
	defer recoverDamage(&err)
	return a.fn(w)
}
