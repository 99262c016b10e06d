package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"runtime/debug"

	"go.etcd.io/bbolt"

	"kunci/db"
)

// SameAs says whether the data file at a path holds the same spaces, keys and
// values as the engine does; one that can't be opened does not. Their bytes may
// differ all the same. Nobody may write meanwhile.
func (e *Engine) SameAs(path string) (is bool, err error) {
	if _, err := inspect(path); err != nil {
		return false, nil
	}
	other, err := bbolt.Open(path, 0, &bbolt.Options{ReadOnly: true})
	if err != nil {
		return false, nil
	}
	defer func() { err = errors.Join(err, other.Close()) }()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", db.ErrEngineDamaged, p)
		}
	}()
	err = e.bolt.View(func(want *bbolt.Tx) error {
		return other.View(func(got *bbolt.Tx) error {
			is = same(want, got) == nil
			return nil
		})
	})
	return is, err
}

// same says whether two states hold the same spaces, keys and values.
func same(want, got *bbolt.Tx) error {
	w, g := want.Cursor(), got.Cursor()
	name, _ := w.First()
	other, _ := g.First()
	for ; name != nil || other != nil; name, other = step(w), step(g) {
		if !bytes.Equal(name, other) {
			return errors.New("bolt: the copy has other spaces")
		}
		if !sameBucket(want.Bucket(name), got.Bucket(name)) {
			return fmt.Errorf("bolt: the copy differs in space %q", name)
		}
	}
	return nil
}

func step(c *bbolt.Cursor) []byte {
	key, _ := c.Next()
	return key
}

func sameBucket(want, got *bbolt.Bucket) bool {
	w, g := want.Cursor(), got.Cursor()
	k, v := w.First()
	ok, ov := g.First()
	for ; k != nil && ok != nil; k, v = w.Next() {
		if !bytes.Equal(k, ok) || !bytes.Equal(v, ov) {
			return false
		}
		ok, ov = g.Next()
	}
	return k == nil && ok == nil
}
