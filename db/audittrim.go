package db

import (
	"bytes"
	"encoding/binary"
)

// auditTrimLook is how many entries a trim looks at in one act: with a run of
// unsure ones before the next old one it must not keep writers waiting.
const auditTrimLook = 10_000

// NewestAudited is when the newest entry of the audit log was made, 0 where
// there is none, or it can't be read.
func (v View) NewestAudited() Time {
	e := new(AuditEntry)
	if key, raw := v.r.Last(spaceAudit); key == nil || decode(spaceAudit, key, raw, e) != nil {
		return 0
	}
	return e.At
}

// TrimAudit removes up to max of the oldest entries, those from before a time
// and those that are more than most, and says how many it removed. An entry
// that can't be read, or was written by a clock that was ahead, goes with the
// next that is old. Where the log begins and ends can't be read, entries go all
// the same, and Check goes on to name it.
func (t Tx) TrimAudit(before, now Time, most, max int) (trimmed int, err error) {
	ends, err := get[auditEnds](t.r, spaceMeta, metaAudit)
	if err != nil {
		ends = nil
	}
	_, next := t.AuditSpan()
	var keys [][]byte
	looked := 0
	t.r.Scan(spaceAudit, nil, nil, func(key, raw []byte) bool {
		e := new(AuditEntry)
		err := decode(spaceAudit, key, raw, e)
		surplus := surplusAudit(key, next, most)
		unsure := err != nil || e.At > now
		if !surplus && !unsure && e.At >= before {
			return false
		}
		if len(keys) < max {
			keys = append(keys, bytes.Clone(key))
		}
		if surplus || !unsure { // and all before it
			trimmed = len(keys)
		}
		looked++
		return trimmed < max && looked < auditTrimLook
	})
	if trimmed == 0 {
		return 0, nil
	}
	for _, key := range keys[:trimmed] {
		if seq, ok := auditSeq(key); ok && ends != nil && seq >= ends.First {
			ends.First, ends.Before = seq+1, auditHash(t.r.Get(spaceAudit, key))
		}
		t.w.Delete(spaceAudit, key)
	}
	if ends == nil {
		return trimmed, nil
	}
	if ends.First > ends.Next { // what stood where the next should come has gone
		ends.Next, ends.Head = ends.First, ends.Before
		if end := t.lastAudited(); end != nil && end.Next > ends.First {
			ends.Next, ends.Head = end.Next, end.Head
		}
	}
	return trimmed, put(t.w, spaceMeta, metaAudit, ends)
}

// surplusAudit says whether an entry is more than most before the next. What
// stands beyond that, or further away than a log can be, was put there by
// damage, of which the count says nothing.
func surplusAudit(key []byte, next uint64, most int) bool {
	seq, ok := auditSeq(key)
	return ok && seq < next && next-seq > uint64(most) && next-seq <= longestSpan
}

func auditSeq(key []byte) (seq uint64, ok bool) {
	if len(key) != 8 {
		return 0, false
	}
	return binary.BigEndian.Uint64(key), true
}
