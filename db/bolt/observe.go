package bolt

import (
	"fmt"
	"time"

	"kunci/db"
)

// Commit is one transaction of the writer that was to be made durable.
type Commit struct {
	Took time.Duration // from its beginning until it was durable, or had failed
	Acts int           // how many shared it
	Err  error         // nil where it is durable
}

// Observe has fn told of every commit, on the writer's goroutine: it must
// return at once.
func (e *Engine) Observe(fn func(Commit)) { e.observer.Store(&fn) }

// told is the commit of a transaction that began at a time.
func (e *Engine) told(began time.Time, acts int, err error) {
	if fn := e.observer.Load(); fn != nil {
		(*fn)(Commit{Took: time.Since(began), Acts: acts, Err: err})
	}
}

// Size says how many bytes the data file has, and how many of them are free
// for what is written next.
func (e *Engine) Size() (file, free int64, err error) {
	info, err := e.file.Stat()
	if err != nil {
		return 0, 0, err
	}
	err = e.described(func(m meta) error {
		pages, err := freePages(e, m)
		free = int64(pages * m.pageSize)
		return err
	})
	return info.Size(), free, err
}

// freePages is how many pages the list of free pages holds.
func freePages(e *Engine, m meta) (uint64, error) {
	if m.freelist == noFreelist {
		return 0, nil
	}
	head := make([]byte, pageHeader+8)
	if _, err := e.file.ReadAt(head, int64(m.freelist*m.pageSize)); err != nil {
		return 0, err
	}
	if u64(head) != m.freelist || u16(head[8:]) != freelistPage {
		return 0, fmt.Errorf("%w: page %d is no list of free pages", db.ErrEngineDamaged, m.freelist)
	}
	if n := uint64(u16(head[10:])); n != countBeyond {
		return n, nil
	}
	return u64(head[pageHeader:]), nil
}
