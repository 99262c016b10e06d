package db

import (
	"context"
	"errors"
	"io"
)

// Space names one ordered set of keys in the store. The table in space.go
// declares every one.
type Space string

// Reader reads one consistent state of the store. Slices it hands out are
// valid only until the transaction ends and must not be changed.
type Reader interface {
	// Get returns the value at key, nil where there is none.
	Get(s Space, key []byte) []byte
	// Scan calls fn for the keys from ≤ key < to in ascending order until fn
	// returns false. A nil to means the end of the space.
	Scan(s Space, from, to []byte, fn func(key, value []byte) bool)
	// Last returns the highest key of a space, nil where it is empty.
	Last(s Space) (key, value []byte)
}

// Writer is a Reader that sees its own writes. Keys and values handed to it
// must not be changed before the transaction ends.
type Writer interface {
	Reader
	Put(s Space, key, value []byte)
	Delete(s Space, key []byte)
}

// Engine is an ordered key-value store with transactions. It is small on
// purpose: an engine with optimistic transactions over several machines can
// stand in for the embedded one. So an Update may be run more than once, must
// have no effect outside the store, decides on reads by key (a Scan in it
// only finds candidates), and touches at most 100 keys.
type Engine interface {
	View(fn func(Reader) error) error
	// Update runs fn and returns when its writes are durable. An error of fn,
	// or a commit that failed, leaves no trace; a ctx that ends first returns
	// its error, and the writes may or may not have happened.
	Update(ctx context.Context, fn func(Writer) error) error
	// Load is an Update that may touch any number of keys, in a commit of its
	// own: other writers wait for all of it. It is quickest where fn puts the
	// keys of each space in ascending order. fn must not write to a space that
	// it scans at that time.
	Load(ctx context.Context, fn func(Writer) error) error
	// Backup writes a consistent copy while writes go on, and says its size
	// in bytes.
	Backup(w io.Writer) (int64, error)
	// Check looks for damage below the records, and notes how far it has come;
	// nil is nobody who asks.
	Check(*Progress) error
	Close() error
}

// ErrUnavailable says that the engine can't take writes now: its queue is
// full, it is closing, or the disk refused.
var ErrUnavailable = errors.New("db: the store takes no writes now")

// ErrEngineDamaged says that the engine found its own structure broken while
// reading.
var ErrEngineDamaged = errors.New("db: the data file is damaged")
