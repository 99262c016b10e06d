package bolt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// What a bbolt page is, by the flags in its header. The header is an 8-byte
// id, 2 bytes of flags, a 2-byte count of elements, and in 4 bytes how many
// pages follow that belong to it.
const (
	branchPage   = 0x01
	leafPage     = 0x02
	freelistPage = 0x10

	elementSize  = 16 // of an element in the table after the header
	bucketFlag   = 0x01
	bucketHeader = 16 // root page, sequence; then, if the root is 0, the page itself

	noFreelist  = math.MaxUint64
	countBeyond = 0xFFFF // the count stands in the first element
)

// Numbers stand in a bbolt file as in the memory of the machine.
func u16(raw []byte) uint16 { return binary.NativeEndian.Uint16(raw) }
func u32(raw []byte) uint32 { return binary.NativeEndian.Uint32(raw) }
func u64(raw []byte) uint64 { return binary.NativeEndian.Uint64(raw) }

// page is one page with those that follow it, its header taken apart.
type page struct {
	id    uint64
	flags uint16
	count int
	raw   []byte
}

// span is where keys must lie: from ≤ key < to, nil for no bound.
type span struct{ from, to []byte }

// element is one entry of a branch (key, child) or a leaf (flags, key, value).
type element struct {
	flags      uint32
	key, value []byte
	child      uint64
}

// each calls fn for every entry of a branch or leaf; their keys must ascend
// within a span.
func (p page) each(keys span, fn func(element) error) error {
	if p.count > (len(p.raw)-pageHeader)/elementSize {
		return errors.New("more entries than it has room for")
	}
	last := keys.from
	for i := range p.count {
		e, ok := p.element(pageHeader + i*elementSize)
		if !ok {
			return fmt.Errorf("entry %d leads out of it", i)
		}
		if order := bytes.Compare(last, e.key); order > 0 || order == 0 && i > 0 {
			return fmt.Errorf("entry %d is out of order", i)
		}
		if err := fn(e); err != nil {
			return err
		}
		last = e.key
	}
	if p.count > 0 && keys.to != nil && bytes.Compare(last, keys.to) >= 0 {
		return errors.New("entries that belong to another")
	}
	return nil
}

// elements is every entry, in room that may be had already.
func (p page) elements(room []element, keys span) ([]element, error) {
	err := p.each(keys, func(e element) error {
		room = append(room, e)
		return nil
	})
	return room, err
}

func (p page) element(at int) (e element, ok bool) {
	raw := p.raw[at:]
	var pos, keySize, valueSize uint64
	if p.flags == branchPage {
		pos, keySize = uint64(u32(raw)), uint64(u32(raw[4:]))
		e.child = u64(raw[8:])
	} else {
		e.flags = u32(raw)
		pos, keySize, valueSize = uint64(u32(raw[4:])), uint64(u32(raw[8:])), uint64(u32(raw[12:]))
	}
	if keySize == 0 || pos+keySize+valueSize > uint64(len(raw)) {
		return e, false
	}
	e.key, e.value = raw[pos:pos+keySize], raw[pos+keySize:pos+keySize+valueSize]
	return e, true
}
