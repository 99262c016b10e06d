package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"kunci/db"
)

// packed is how full pages are left to which nothing will be added between: a
// value in them may still grow a little. Elsewhere bbolt leaves half a page.
const packed = 0.9

// Load implements db.Engine. Its writes go straight into a transaction that
// nobody else has a part in, since keeping them aside would cost more than
// the writes.
func (e *Engine) Load(ctx context.Context, fn func(db.Writer) error) error {
	return e.do(ctx, e.loads, fn)
}

// load runs one act in a transaction of its own.
func (e *Engine) load(a *act) {
	if !a.abandon() {
		return
	}
	err := e.transact(1, func(tx *bbolt.Tx) (wrote bool, err error) {
		d := &direct{reader: reader{tx}}
		a.err = a.try(d)
		close(a.ran)
		switch {
		case d.broken != nil: // the transaction is left in pieces
			panic(d.broken)
		case a.err != nil || a.panicked != nil:
			return false, nil
		}
		return d.wrote, d.err
	})
	select {
	case <-a.ran:
	default:
		close(a.ran)
	}
	if err != nil {
		a.err = err
	}
	close(a.done)
}

// direct writes to a transaction without keeping the writes aside.
type direct struct {
	reader
	space  db.Space // the one written to last, which is mostly the next
	bucket *bbolt.Bucket
	wrote  bool
	err    error // the first write that was refused
	broken any   // what a write over damaged pages panicked with
}

// Put implements db.Writer.
func (d *direct) Put(s db.Space, key, value []byte) {
	d.write(s, key, func(b *bbolt.Bucket) error { return b.Put(key, value) })
}

// Delete implements db.Writer.
func (d *direct) Delete(s db.Space, key []byte) {
	d.write(s, key, func(b *bbolt.Bucket) error { return b.Delete(key) })
}

func (d *direct) write(s db.Space, key []byte, change func(*bbolt.Bucket) error) {
	if d.err != nil {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			d.broken = p
			panic(damage{p})
		}
	}()
	d.wrote = true
	if d.bucket == nil || d.space != s {
		if d.err = d.turn(s, key); d.err != nil {
			return
		}
	}
	if err := change(d.bucket); err != nil {
		d.err = fmt.Errorf("bolt: a key of %d bytes cannot stand in space %q: %w", len(key), s, err)
	}
}

// turn goes on to another space. Where the first key written to it comes after
// all that stand, so will the others.
func (d *direct) turn(s db.Space, key []byte) error {
	if s == "" {
		return errors.New("bolt: a space without a name")
	}
	b, err := d.tx.CreateBucketIfNotExists([]byte(s))
	if err != nil {
		return err
	}
	if last, _ := b.Cursor().Last(); s.Ascends() || bytes.Compare(last, key) < 0 {
		b.FillPercent = packed
	}
	d.space, d.bucket = s, b
	return nil
}
