package db

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// Time is an instant in Unix milliseconds; 0 is no time.
type Time int64

// At returns t as it is stored, 0 for the zero time.
func At(t time.Time) Time {
	if t.IsZero() {
		return 0
	}
	return Time(t.UnixMilli())
}

// Time returns the instant in UTC, the zero time for 0.
func (t Time) Time() time.Time {
	if t == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(t)).UTC()
}

// ErrNotFound says that no such record stands.
var ErrNotFound = errors.New("db: not found")

// TakenError says that another record holds a value that must be unique.
type TakenError struct{ Field string }

func (e *TakenError) Error() string { return "db: " + e.Field + " is taken" }

// DamagedError names a record that can't be believed: its checksum, version
// or form is wrong, or an index leads elsewhere than it says.
type DamagedError struct {
	Space Space
	Key   []byte // nil where it would be a person's word: an address, a name
	Why   string
}

func (e *DamagedError) Error() string {
	if e.Key == nil {
		return fmt.Sprintf("db: damaged entry in %s: %s", e.Space, e.Why)
	}
	return fmt.Sprintf("db: damaged record in %s at %x: %s", e.Space, e.Key, e.Why)
}

// recordVersion is the first byte of every record.
const recordVersion = 1

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var encMode, decMode = func() (cbor.EncMode, cbor.DecMode) {
	enc, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic(err)
	}
	dec, err := cbor.DecOptions{DupMapKey: cbor.DupMapKeyEnforcedAPF, ExtraReturnErrors: cbor.ExtraDecErrorUnknownField}.DecMode()
	if err != nil {
		panic(err)
	}
	return enc, dec
}()

// sum covers the space and the key too, so that a record which turns up in
// another's place is found out.
func sum(s Space, key, body []byte) uint32 {
	crc, ok := spaceSums[s]
	if !ok {
		crc = crc32.Checksum([]byte(s), castagnoli)
	}
	crc = crc32.Update(crc, castagnoli, key)
	return crc32.Update(crc, castagnoli, body)
}

// spaceSums are where the sums of the spaces begin, which is the same for
// every record that is read.
var spaceSums = func() map[Space]uint32 {
	sums := map[Space]uint32{}
	for _, s := range spaces {
		sums[s.name] = crc32.Checksum([]byte(s.name), castagnoli)
	}
	return sums
}()

// encode refuses a record that could not be read again, such as one with a
// text that is no UTF-8.
func encode[T any](s Space, key []byte, record *T) ([]byte, error) {
	raw, err := seal(s, key, record)
	if err != nil {
		return nil, err
	}
	if err := decMode.Unmarshal(raw[1:len(raw)-4], new(T)); err != nil {
		return nil, fmt.Errorf("db: a record of %s could not be read again: %w", s, err)
	}
	return raw, nil
}

// seal is encode for a record without text, which can always be read again.
func seal[T any](s Space, key []byte, record *T) ([]byte, error) {
	body, err := encMode.Marshal(record)
	if err != nil {
		return nil, fmt.Errorf("db: encoding a record of %s: %w", s, err)
	}
	out := append(make([]byte, 0, len(body)+5), recordVersion)
	out = append(out, body...)
	return binary.BigEndian.AppendUint32(out, sum(s, key, out)), nil
}

func damagedRecord(s Space, key []byte, why string) error {
	return &DamagedError{Space: s, Key: append([]byte{}, key...), Why: why}
}

// unseal returns the CBOR of a record whose checksum and version are right.
func unseal(s Space, key, raw []byte) ([]byte, error) {
	if len(raw) < 6 {
		return nil, damagedRecord(s, key, "too short")
	}
	body, crc := raw[:len(raw)-4], binary.BigEndian.Uint32(raw[len(raw)-4:])
	if sum(s, key, body) != crc {
		return nil, damagedRecord(s, key, "checksum")
	}
	if body[0] != recordVersion {
		return nil, damagedRecord(s, key, fmt.Sprintf("record version %d", body[0]))
	}
	return body[1:], nil
}

func decode(s Space, key, raw []byte, record any) error {
	body, err := unseal(s, key, raw)
	if err != nil {
		return err
	}
	if err := decMode.Unmarshal(body, record); err != nil {
		return damagedRecord(s, key, "form")
	}
	return nil
}

func get[T any](r Reader, s Space, key []byte) (*T, error) {
	raw := r.Get(s, key)
	if raw == nil {
		return nil, ErrNotFound
	}
	record := new(T)
	if err := decode(s, key, raw, record); err != nil {
		return nil, err
	}
	return record, nil
}

func put[T any](w Writer, s Space, key []byte, record *T) error {
	raw, err := encode(s, key, record)
	if err != nil {
		return err
	}
	w.Put(s, key, raw)
	return nil
}

// each decodes the records of a space from a key on until fn returns false.
// A record that can't be decoded is handed over as an error, so that one of
// them does not hide the rest.
func each[T any](r Reader, s Space, from, to []byte, fn func(key []byte, record *T, err error) bool) {
	r.Scan(s, from, to, func(key, raw []byte) bool {
		record := new(T)
		if err := decode(s, key, raw, record); err != nil {
			return fn(key, nil, err)
		}
		return fn(key, record, nil)
	})
}
