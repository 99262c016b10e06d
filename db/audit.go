package db

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math"

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
		for next = ends.Next; v.r.Get(spaceAudit, auditKey(next)) != nil; {
			next++
		}
		return ends.First, next
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

// TrimAudit removes up to max of the oldest entries, those from before a time
// and those that are more than most, and says how many it removed. An entry
// that can't be read, or was written by a clock that was ahead, goes with the
// next that is old.
func (t Tx) TrimAudit(before, now Time, most, max int) (trimmed int, err error) {
	ends, err := get[auditEnds](t.r, spaceMeta, metaAudit)
	if err != nil {
		return 0, nil // where it begins can't be said: Check names it
	}
	var keys [][]byte
	var last []byte
	t.r.Scan(spaceAudit, nil, nil, func(key, raw []byte) bool {
		e := new(AuditEntry)
		err := decode(spaceAudit, key, raw, e)
		surplus := len(key) == 8 && ends.Next-binary.BigEndian.Uint64(key) > uint64(most)
		unsure := err != nil || e.At > now
		if !surplus && !unsure && e.At >= before {
			return false
		}
		keys = append(keys, bytes.Clone(key))
		if surplus || !unsure {
			trimmed, last = len(keys), auditHash(raw)
		}
		return len(keys) < max
	})
	if trimmed == 0 {
		return 0, nil
	}
	for _, key := range keys[:trimmed] {
		t.w.Delete(spaceAudit, key)
	}
	if key := keys[trimmed-1]; len(key) == 8 {
		ends.First, ends.Before = binary.BigEndian.Uint64(key)+1, last
	}
	return trimmed, put(t.w, spaceMeta, metaAudit, ends)
}

// AuditReport is what the chain of the audit log comes to.
type AuditReport struct {
	Entries     int
	First, Last Time   // when; 0 where there is none
	Head        []byte // SHA-256 of the last entry
	Noted       bool   // whether the hash asked for is in the chain
	Faults      []string
}

// VerifyAudit follows the chain from the oldest entry that is kept to the last.
// noted is a Head of earlier, nil for none.
func (v View) VerifyAudit(noted []byte) *AuditReport {
	r := new(AuditReport)
	fault := func(what string) { r.Faults = append(r.Faults, what) }
	ends, err := get[auditEnds](v.r, spaceMeta, metaAudit)
	if err != nil {
		if errors.Is(err, ErrNotFound) {
			err = errors.New("it is missing")
		}
		fault("where the audit log begins and ends: " + err.Error())
		ends = nil
	}
	chain := follow{faults: &r.Faults}
	if ends != nil {
		chain.next, chain.head, chain.begun = ends.First, ends.Before, true
	}
	seen := func(hash []byte) { r.Noted = r.Noted || len(noted) > 0 && bytes.Equal(hash, noted) }
	seen(chain.head)
	v.r.Scan(spaceAudit, nil, nil, func(key, raw []byte) bool {
		r.Entries++
		if e := chain.entry(key, raw); e != nil {
			if r.First == 0 {
				r.First = e.At
			}
			r.Last = e.At
		}
		seen(chain.head)
		return true
	})
	if ends != nil && (chain.next != ends.Next || !bytes.Equal(chain.head, ends.Head)) {
		fault("the audit log: its end is missing, or not as it was written")
	}
	r.Head = chain.head
	return r
}
