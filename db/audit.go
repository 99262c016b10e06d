package db

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"sort"

	"github.com/google/uuid"
)

// AuditEntry is one act in the audit log. Accounts stand in it by UUID alone,
// and what was typed only as a keyed digest, so that who is deleted leaves no
// name behind.
type AuditEntry struct {
	Seq uint64 `cbor:"-"` // its key: 1 for the first entry there ever was

	Prev    []byte    `cbor:"1,keyasint"` // SHA-256 of the entry before it as it is stored
	At      Time      `cbor:"2,keyasint"`
	Event   string    `cbor:"3,keyasint"`
	Outcome string    `cbor:"4,keyasint"` // "ok", or what the caller was answered
	Account uuid.UUID `cbor:"5,keyasint,omitzero"`
	Dialect string    `cbor:"6,keyasint,omitempty"`
	Addr    string    `cbor:"7,keyasint,omitempty"`
	Request uuid.UUID `cbor:"8,keyasint,omitzero"`  // of the log line
	Name    []byte    `cbor:"9,keyasint,omitempty"` // keyed digest of what was typed
	Reason  string    `cbor:"10,keyasint,omitempty"`
	Subject string    `cbor:"11,keyasint,omitempty"` // what else it is about: the id of a session, key, company, …
	Times   uint64    `cbor:"12,keyasint,omitempty"` // how many it stands for; 0 is one
}

// auditEnds are where the audit log begins and ends: what was trimmed, and
// what is lost at the end, would not be missed without.
type auditEnds struct {
	First  uint64 `cbor:"1,keyasint"` // the oldest entry that is kept
	Before []byte `cbor:"2,keyasint"` // the hash of the one before it
	Next   uint64 `cbor:"3,keyasint"` // the entry to come
	Head   []byte `cbor:"4,keyasint"` // the hash of the one before that
}

// auditSince is the schema that brought the audit log.
const auditSince = 2

var metaAudit = []byte("audit")

func auditKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

func auditHash(raw []byte) []byte {
	sum := sha256.Sum256(raw)
	return sum[:]
}

// beginAudit starts the chain with the data file's instance, so that no part of
// one file's log passes for another's.
func beginAudit(w Writer, instance uuid.UUID) error {
	begin := auditHash(instance[:])
	return put(w, spaceMeta, metaAudit, &auditEnds{First: 1, Before: begin, Next: 1, Head: begin})
}

// Audit appends entries to the audit log, at most 90 in one act; their Seq and
// Prev are given here. Damage in the log stops no act: the chain goes on from
// what is there, and Check names it. A file of a schema that has no log yet
// takes none: Migrate begins it.
func (t Tx) Audit(entries ...*AuditEntry) error {
	if t.schema < auditSince {
		return nil
	}
	ends, err := get[auditEnds](t.r, spaceMeta, metaAudit)
	sound := err == nil && t.r.Get(spaceAudit, auditKey(ends.Next)) == nil
	if !sound {
		if ends = t.lastAudited(); ends == nil {
			return nil
		}
	}
	for _, e := range entries {
		if ends.Next == math.MaxUint64 {
			return nil // only a damaged key is so high
		}
		e.Seq, e.Prev = ends.Next, ends.Head
		key := auditKey(e.Seq)
		raw, err := encode(spaceAudit, key, e)
		if err != nil {
			return err
		}
		t.w.Put(spaceAudit, key, raw)
		ends.Next++
		ends.Head = auditHash(raw)
	}
	if !sound {
		return nil // stays as it is, for Check to name
	}
	raw, err := seal(spaceMeta, metaAudit, ends)
	if err != nil {
		return err
	}
	t.w.Put(spaceMeta, metaAudit, raw)
	return nil
}

// lastAudited is where the log goes on as its last entry says; nil where that
// can't be one.
func (t Tx) lastAudited() *auditEnds {
	key, raw := t.r.Last(spaceAudit)
	switch {
	case key == nil:
		return &auditEnds{Next: 1, Head: auditHash(nil)}
	case len(key) != 8 || binary.BigEndian.Uint64(key) == math.MaxUint64:
		return nil
	}
	return &auditEnds{Next: binary.BigEndian.Uint64(key) + 1, Head: auditHash(raw)}
}

// longestSpan is how far entries are looked for where nothing but their keys
// says where the log begins and ends: a damaged key can lie anywhere.
const longestSpan = 1 << 30

// AuditSpan says which entries of the audit log are kept: from first to before
// next.
func (v View) AuditSpan() (first, next uint64) {
	if ends, err := get[auditEnds](v.r, spaceMeta, metaAudit); err == nil {
		return ends.First, v.auditedFrom(ends.Next)
	}
	if key, _ := v.r.Last(spaceAudit); len(key) == 8 {
		next = binary.BigEndian.Uint64(key) + 1
	}
	v.r.Scan(spaceAudit, nil, nil, func(key, _ []byte) bool {
		if len(key) == 8 {
			first = binary.BigEndian.Uint64(key)
		}
		return false
	})
	if next-first > longestSpan {
		first = next - longestSpan
	}
	return first, next
}

// auditedFrom is where the entries end that stand from a number on: none but
// where something stood in the way of the next.
func (v View) auditedFrom(next uint64) uint64 {
	free := func(i int) bool { return v.r.Get(spaceAudit, auditKey(next+uint64(i))) == nil }
	n := 0
	for !free(n) && n < longestSpan {
		n = 2*n + 1
	}
	return next + uint64(sort.Search(n, free))
}

// AuditEntries calls fn for the entries from ≤ Seq < to, the oldest first,
// until it returns false. One that can't be read comes as an error.
func (v View) AuditEntries(from, to uint64, fn func(*AuditEntry, error) bool) {
	each(v.r, spaceAudit, auditKey(from), auditKey(to), func(key []byte, e *AuditEntry, err error) bool {
		if err != nil {
			return fn(nil, err)
		}
		if len(key) == 8 {
			e.Seq = binary.BigEndian.Uint64(key)
		}
		return fn(e, nil)
	})
}
