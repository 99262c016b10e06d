package bolt

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"go.etcd.io/bbolt"

	"kunci/db"
)

// reader reads one bbolt transaction.
type reader struct{ tx *bbolt.Tx }

func (r reader) bucket(s db.Space) *bbolt.Bucket { return r.tx.Bucket([]byte(s)) }

// Get implements db.Reader.
func (r reader) Get(s db.Space, key []byte) []byte {
	defer guard()
	b := r.bucket(s)
	if b == nil {
		return nil
	}
	return b.Get(key)
}

// Last implements db.Reader.
func (r reader) Last(s db.Space) (key, value []byte) {
	defer guard()
	b := r.bucket(s)
	if b == nil {
		return nil, nil
	}
	return b.Cursor().Last()
}

// Scan implements db.Reader.
func (r reader) Scan(s db.Space, from, to []byte, fn func(key, value []byte) bool) {
	c := r.cursor(s)
	if c == nil {
		return
	}
	for k, v := c.seek(from); k != nil && (to == nil || bytes.Compare(k, to) < 0); k, v = c.next() {
		if !fn(k, v) {
			return
		}
	}
}

// cursor steps through a bucket with damage guarded at each step, and not in
// what the caller does between them.
type cursor struct{ *bbolt.Cursor }

func (r reader) cursor(s db.Space) *cursor {
	defer guard()
	if b := r.bucket(s); b != nil {
		return &cursor{b.Cursor()}
	}
	return nil
}

func (c *cursor) seek(from []byte) (k, v []byte) {
	defer guard()
	if from == nil {
		return c.First()
	}
	return c.Seek(from)
}

func (c *cursor) next() (k, v []byte) {
	defer guard()
	return c.Next()
}

// write is one key as an act leaves it.
type write struct {
	space   db.Space
	key     []byte
	value   []byte
	deleted bool
}

// overlay keeps the writes of one act over a transaction, in the order of
// space and key, and reads through them.
type overlay struct {
	reader
	writes []write
}

func (o *overlay) find(s db.Space, key []byte) (int, bool) {
	return slices.BinarySearchFunc(o.writes, write{space: s, key: key}, func(a, b write) int {
		if c := strings.Compare(string(a.space), string(b.space)); c != 0 {
			return c
		}
		return bytes.Compare(a.key, b.key)
	})
}

func (o *overlay) set(w write) {
	i, found := o.find(w.space, w.key)
	if found {
		o.writes[i] = w
		return
	}
	o.writes = slices.Insert(o.writes, i, w)
}

// valid refuses what bbolt would refuse, while only this act has to fail.
func (o *overlay) valid() error {
	for _, w := range o.writes {
		if w.space == "" || len(w.key) == 0 || len(w.key) > bbolt.MaxKeySize || len(w.value) > bbolt.MaxValueSize {
			return fmt.Errorf("bolt: a key of %d bytes with a value of %d cannot stand in space %q", len(w.key), len(w.value), w.space)
		}
	}
	return nil
}

// Put implements db.Writer. It keeps copies: a caller whose ctx ended goes on
// while the commit still reads them.
func (o *overlay) Put(s db.Space, key, value []byte) {
	o.set(write{space: s, key: bytes.Clone(key), value: append([]byte{}, value...)})
}

// Delete implements db.Writer.
func (o *overlay) Delete(s db.Space, key []byte) {
	o.set(write{space: s, key: bytes.Clone(key), deleted: true})
}

// Get implements db.Reader.
func (o *overlay) Get(s db.Space, key []byte) []byte {
	if i, found := o.find(s, key); found {
		return o.writes[i].value
	}
	return o.reader.Get(s, key)
}

// between are the act's own writes with from ≤ key < to.
func (o *overlay) between(s db.Space, from, to []byte) []write {
	i, _ := o.find(s, from)
	j := i
	for j < len(o.writes) && o.writes[j].space == s && (to == nil || bytes.Compare(o.writes[j].key, to) < 0) {
		j++
	}
	return slices.Clone(o.writes[i:j])
}

// Scan implements db.Reader: what stands merged with what the act wrote. What
// fn writes while it scans is not seen by that scan.
func (o *overlay) Scan(s db.Space, from, to []byte, fn func(key, value []byte) bool) {
	own := o.between(s, from, to)
	more := true
	emit := func(w write) {
		if !w.deleted {
			more = fn(w.key, w.value)
		}
	}
	o.reader.Scan(s, from, to, func(key, value []byte) bool {
		for more && len(own) > 0 && bytes.Compare(own[0].key, key) < 0 {
			emit(own[0])
			own = own[1:]
		}
		if !more {
			return false
		}
		if len(own) > 0 && bytes.Equal(own[0].key, key) {
			emit(own[0])
			own = own[1:]
		} else {
			more = fn(key, value)
		}
		return more
	})
	for more && len(own) > 0 {
		emit(own[0])
		own = own[1:]
	}
}

// Last implements db.Reader.
func (o *overlay) Last(s db.Space) (key, value []byte) {
	if len(o.between(s, nil, nil)) == 0 {
		return o.reader.Last(s)
	}
	o.Scan(s, nil, nil, func(k, v []byte) bool {
		key, value = k, v
		return true
	})
	return key, value
}

// apply hands the writes to the transaction. Spaces are made as they are
// first written to.
func (o *overlay) apply(tx *bbolt.Tx) error {
	var b *bbolt.Bucket
	for i, w := range o.writes {
		if i == 0 || o.writes[i-1].space != w.space {
			var err error
			if b, err = tx.CreateBucketIfNotExists([]byte(w.space)); err != nil {
				return err
			}
			if w.space.Ascends() {
				b.FillPercent = packed
			}
		}
		var err error
		if w.deleted {
			err = b.Delete(w.key)
		} else {
			err = b.Put(w.key, w.value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
