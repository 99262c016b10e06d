// Package bolt is the db.Engine on one bbolt file. It alone imports bbolt and
// owns the file: making it, opening it, sharing one commit among the acts
// that came together, and noticing damage. It knows nothing of records.
//
// The way of an Update, in five lines:
//
//	queue          the act waits while the last commit syncs
//	overlay        it runs over the open transaction, its writes kept aside
//	apply          they join the transaction only if it succeeded
//	commit         one sync for all that had queued up
//	done           each caller hears what became of its own act
package bolt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"

	"kunci/db"
)

// Engine is one open data file. Make it with Open.
type Engine struct {
	bolt  *bbolt.DB
	file  *os.File // bbolt's own, which it closes
	queue chan *act
	loads chan *act // each takes a commit of its own

	closing   chan struct{}
	closeOnce sync.Once
	stopped   chan struct{}

	failOnce sync.Once
	failed   chan struct{}
	failure  error

	observer atomic.Pointer[func(Commit)] // nil: nobody asks
}

var _ db.Engine = (*Engine)(nil)

// queued is how many acts may wait for the writer before Update blocks.
const queued = 1024

// Open opens a data file that exists. It returns within a second when another
// process holds the file (ErrHeld), and refuses a file that is empty, no
// bbolt file, shorter than it says, or whose pages lead astray
// (ErrEngineDamaged), without changing it.
func Open(path string) (e *Engine, err error) {
	size, err := inspect(path)
	if err != nil {
		return nil, err
	}
	var file *os.File
	defer func() {
		if p := recover(); p != nil {
			_ = file.Close() // and the lock with it
			e, err = nil, fmt.Errorf("%w: %v", db.ErrEngineDamaged, p)
		}
	}()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	b, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout: 600 * time.Millisecond,
		// The lowest free page is taken first. The other kind takes any, and the
		// list of free pages, which wants its pages side by side, finds no room
		// among them but at the end of the file: with 200,000 sessions coming and
		// going it grew without end.
		FreelistType:    bbolt.FreelistArrayType,
		NoStatistics:    true,
		InitialMmapSize: mapped(size),
		OpenFile: func(path string, flag int, mode os.FileMode) (_ *os.File, err error) {
			file, err = os.OpenFile(path, flag&^os.O_CREATE, mode)
			return file, err
		},
	})
	if errors.Is(err, bbolterrors.ErrTimeout) {
		return nil, ErrHeld
	}
	if err != nil {
		return nil, err
	}
	if mapped(size) > 0 {
		b.AllocSize = growth
	}
	e = &Engine{
		bolt:    b,
		file:    file,
		queue:   make(chan *act, queued),
		loads:   make(chan *act),
		closing: make(chan struct{}),
		stopped: make(chan struct{}),
		failed:  make(chan struct{}),
	}
	go e.write()
	return e, nil
}

// ErrHeld says that another process has the data file open.
var ErrHeld = errors.New("another process holds the data file")

// Failed is closed when a commit failed in a way that leaves its outcome
// open. From then on no write is taken; the process has to start again.
func (e *Engine) Failed() <-chan struct{} { return e.failed }

// Failure says why the engine takes no more writes, nil while it does.
func (e *Engine) Failure() error {
	select {
	case <-e.failed:
		return e.failure
	default:
		return nil
	}
}

func (e *Engine) fail(err error) {
	e.failOnce.Do(func() {
		e.failure = err
		close(e.failed)
	})
}

// View implements db.Engine.
func (e *Engine) View(fn func(db.Reader) error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer recoverDamage(&err)
	tx, err := e.bolt.Begin(false)
	if err != nil {
		return fmt.Errorf("%w: %v", db.ErrUnavailable, err)
	}
	defer func() { _ = tx.Rollback() }()
	return fn(reader{tx})
}

// Update implements db.Engine.
func (e *Engine) Update(ctx context.Context, fn func(db.Writer) error) error {
	return e.do(ctx, e.queue, fn)
}

// do hands an act to the writer by way of a queue and hears what became of it.
func (e *Engine) do(ctx context.Context, queue chan<- *act, fn func(db.Writer) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	a := &act{fn: fn, ran: make(chan struct{}), done: make(chan struct{})}
	select {
	case <-e.closing:
		return db.ErrUnavailable
	case <-e.failed:
		return fmt.Errorf("%w: %v", db.ErrUnavailable, e.failure)
	default:
	}
	select {
	case queue <- a:
	case <-ctx.Done():
		return ctx.Err()
	case <-e.closing:
		return db.ErrUnavailable
	}
	select {
	case <-a.done:
	case <-ctx.Done():
		if a.abandon() {
			return ctx.Err()
		}
		// It was taken up. fn holds the caller's variables, so it must have
		// come to its end before the caller goes on.
		<-a.ran
		select {
		case <-a.done:
		default:
			if a.panicked == nil {
				return ctx.Err()
			}
		}
	case <-e.stopped:
		select {
		case <-a.done:
		default:
			return db.ErrUnavailable
		}
	}
	if a.panicked != nil {
		panic(a.panicked)
	}
	return a.err
}

// Backup implements db.Engine.
func (e *Engine) Backup(w io.Writer) (n int64, err error) {
	err = e.View(func(r db.Reader) error {
		n, err = r.(reader).tx.WriteTo(w)
		return err
	})
	return n, err
}

// Check implements db.Engine: every page read, and accounted for.
func (e *Engine) Check(p *db.Progress) error {
	if p == nil {
		p = new(db.Progress)
	}
	return e.described(func(m meta) error {
		p.Of.Store(int64(m.pages))
		err := walk(untilStopped{e.file, p}, m, &p.Pages)
		if stopped := p.Stopped(); stopped != nil {
			return stopped
		}
		if err != nil {
			return fmt.Errorf("%w: %v", db.ErrEngineDamaged, err)
		}
		return nil
	})
}

// untilStopped is a file that can't be read on once a check is stopped.
type untilStopped struct {
	io.ReaderAt
	progress *db.Progress
}

// ReadAt implements io.ReaderAt.
func (u untilStopped) ReadAt(b []byte, at int64) (int, error) {
	if err := u.progress.Stopped(); err != nil {
		return 0, err
	}
	return u.ReaderAt.ReadAt(b, at)
}

// described calls fn with the meta page of a state that stays as it is until fn
// has returned.
func (e *Engine) described(fn func(meta) error) error {
	// The page that describes this state is written over two commits later: a
	// busy writer may have to be caught again.
	for range 100 {
		found := false
		err := e.View(func(r db.Reader) error {
			for _, m := range metas(e.file) {
				if m.txid != uint64(r.(reader).tx.ID()) {
					continue
				}
				found = true
				if err := fn(m); err != nil {
					return err
				}
			}
			return nil
		})
		if found || err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: no meta page describes its state", db.ErrEngineDamaged)
}

// Close waits for the acts that were taken up, refuses the rest, and releases
// the file.
func (e *Engine) Close() error {
	e.closeOnce.Do(func() { close(e.closing) })
	<-e.stopped
	if errors.Is(e.Failure(), db.ErrEngineDamaged) {
		// Its last transaction was left where it was: waiting for it would be
		// for ever. The lock goes with the process.
		return e.Failure()
	}
	return e.bolt.Close()
}

// damage is what a guarded read of the file panics with, so that a fault of
// the file is told apart from a fault of the program.
type damage struct{ cause any }

func guard() {
	if p := recover(); p != nil {
		panic(damage{p})
	}
}

// recoverDamage turns a panic over damaged pages into an error. Anything else
// goes on panicking.
func recoverDamage(err *error) {
	switch p := recover().(type) {
	case nil:
	case damage:
		*err = fmt.Errorf("%w: %v", db.ErrEngineDamaged, p.cause)
	case interface {
		runtime.Error
		Addr() uintptr
	}: // the mapped file is shorter than its pages say, or can't be read
		*err = fmt.Errorf("%w: %v", db.ErrEngineDamaged, p)
	default:
		panic(p)
	}
}
