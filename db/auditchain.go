package db

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// follow goes along the chain of the audit log.
type follow struct {
	begun  bool // whether next and head are known
	next   uint64
	head   []byte
	faults *[]string
}

// entry takes up the next entry; nil for one that can't be read.
func (f *follow) entry(key, raw []byte) *AuditEntry {
	fault := func(format string, args ...any) { *f.faults = append(*f.faults, fmt.Sprintf(format, args...)) }
	if len(key) != 8 {
		fault("audit entry %x: stands where none can", key)
		return nil
	}
	seq := binary.BigEndian.Uint64(key)
	if f.begun && seq != f.next {
		fault("audit entry %d: the chain is broken, %d should stand there", seq, f.next)
	}
	e := &AuditEntry{}
	err := decode(spaceAudit, key, raw, e)
	switch {
	case err != nil:
		fault("audit entry %d: %v", seq, err)
		e = nil
	case f.begun && !bytes.Equal(e.Prev, f.head):
		fault("audit entry %d: the chain is broken before it", seq)
	}
	if e != nil {
		e.Seq = seq
	}
	f.begun, f.next, f.head = true, seq+1, auditHash(raw)
	return e
}
