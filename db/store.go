package db

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/uuid"
)

// Info is what a data file says of itself; it never changes after the file
// was made, but for the schema.
type Info struct {
	Instance uuid.UUID `cbor:"1,keyasint"` // the same as in the key files
	Dev      bool      `cbor:"2,keyasint"`
	Created  Time      `cbor:"3,keyasint"`
	Schema   int       `cbor:"4,keyasint"`
}

var (
	metaInfo    = []byte("info")
	metaCounter = []byte("last_account_id")
	metaProbe   = []byte("probe")
	metaServed  = []byte("served")
	metaKept    = []byte("kept")
)

// Store is the records over an Engine.
type Store struct {
	engine Engine
	info   Info
}

// SchemaError says that a data file was written by a newer program.
type SchemaError struct{ File, Program int }

func (e *SchemaError) Error() string {
	return fmt.Sprintf("the data file has schema %d, this kunci knows schemas up to %d: run the newer kunci that wrote it, or restore a backup made before the upgrade", e.File, e.Program)
}

// Init writes what a new data file says of itself. It is the first act on an
// empty store.
func Init(w Writer, info Info) error {
	info.Schema = Schema
	if err := beginAudit(w, info.Instance); err != nil {
		return err
	}
	return put(w, spaceMeta, metaInfo, &info)
}

// New opens the records that an engine holds, and changes nothing. A file
// without Info is none of ours; a newer one is refused with a *SchemaError. An
// older one can be asked for its Info alone, until Migrate has been called.
func New(e Engine) (*Store, error) {
	s := &Store{engine: e}
	err := e.View(func(r Reader) error {
		raw := r.Get(spaceMeta, metaInfo)
		if raw == nil {
			return errors.New("it holds no kunci data")
		}
		if err := knownSchema(raw); err != nil {
			return err
		}
		info, err := get[Info](r, spaceMeta, metaInfo)
		if err != nil {
			return err
		}
		if info.Schema < 1 {
			return fmt.Errorf("the data file has schema %d, which never was", info.Schema)
		}
		s.info = *info
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// knownSchema refuses a newer file by its schema alone, since what else a
// newer Info says can't be known.
func knownSchema(raw []byte) error {
	body, err := unseal(spaceMeta, metaInfo, raw)
	if err != nil {
		return err
	}
	var file struct {
		Schema int `cbor:"4,keyasint"`
	}
	if err := cbor.Unmarshal(body, &file); err != nil {
		return damagedRecord(spaceMeta, metaInfo, "form")
	}
	if file.Schema > Schema {
		return &SchemaError{File: file.Schema, Program: Schema}
	}
	return nil
}

// Info says which data file this is.
func (s *Store) Info() Info { return s.info }

// View reads one consistent state.
func (s *Store) View(fn func(View) error) error {
	return s.engine.View(func(r Reader) error { return fn(View{r}) })
}

// Update does one act, all or nothing; it is durable when Update returns nil.
// fn may run more than once and must touch nothing outside the store.
func (s *Store) Update(ctx context.Context, fn func(Tx) error) error {
	return s.engine.Update(ctx, func(w Writer) error { return fn(Tx{View{w}, w, s.info.Schema}) })
}

// Backup writes a consistent copy of the data file and says its size in bytes.
func (s *Store) Backup(w io.Writer) (int64, error) { return s.engine.Backup(w) }

// Close waits for writes under way and releases the file.
func (s *Store) Close() error { return s.engine.Close() }

// Probe writes and reads back, to see that the store does both.
func (s *Store) Probe(ctx context.Context, now time.Time) error {
	want := binary.BigEndian.AppendUint64(nil, uint64(now.UnixNano()))
	if err := s.engine.Update(ctx, func(w Writer) error { w.Put(spaceMeta, metaProbe, want); return nil }); err != nil {
		return err
	}
	return s.engine.View(func(r Reader) error {
		if got := r.Get(spaceMeta, metaProbe); len(got) != len(want) {
			return errors.New("db: the probe does not read back what it wrote")
		}
		return nil
	})
}

// served is what the server that had the data file last said of itself.
type served struct {
	PublicURL string `cbor:"1,keyasint"`
}

// Serve notes the public URL under which the data is served from now on, and
// says which it was before, "" at the first time.
func (s *Store) Serve(ctx context.Context, publicURL string) (was string, err error) {
	err = s.engine.Update(ctx, func(w Writer) error {
		before, err := get[served](w, spaceMeta, metaServed)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if err == nil {
			if was = before.PublicURL; was == publicURL {
				return nil
			}
		}
		return put(w, spaceMeta, metaServed, &served{PublicURL: publicURL})
	})
	return was, err
}

// View is a consistent state of the records.
type View struct{ r Reader }

// Tx is one act on the records; it sees its own writes.
type Tx struct {
	View
	w      Writer
	schema int // of the data file
}

// Touch writes a byte that nobody reads, so that an act which had nothing to
// write costs what one costs that had.
func (t Tx) Touch(now time.Time) {
	t.w.Put(spaceMeta, metaProbe, binary.BigEndian.AppendUint64(nil, uint64(now.UnixNano())))
}

// counter is the highest account id ever given.
type counter struct {
	Last uint64 `cbor:"1,keyasint"`
}

// LastAccountID is the highest account id ever given, 0 for none.
func (v View) LastAccountID() (uint64, error) {
	c, err := get[counter](v.r, spaceMeta, metaCounter)
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return c.Last, nil
}

var errIDsUsedUp = errors.New("db: the account ids are used up")

// claimAccountID gives the next id, or sees to it that the counter goes on
// past a given one. An id is never given twice, even after a deletion.
func (t Tx) claimAccountID(given uint64) (uint64, error) {
	last, err := t.LastAccountID()
	if err != nil {
		return 0, err
	}
	id := given
	if id == 0 {
		if id = last + 1; id == 0 {
			return 0, errIDsUsedUp
		}
	}
	if id <= last {
		return id, nil
	}
	return id, put(t.w, spaceMeta, metaCounter, &counter{Last: id})
}
