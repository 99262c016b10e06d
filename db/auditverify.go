package db

import (
	"bytes"
	"context"
	"errors"
	"math"
)

// AuditReport is what the chain of the audit log comes to.
type AuditReport struct {
	Entries     int
	First, Last Time   // when; 0 where there is none
	Head        []byte // SHA-256 of the last entry
	Noted       bool   // whether the hash asked for is in the chain
	Faults      []string
}

// auditPage is how many entries are followed in one view: who holds one for
// long keeps the engine from using its free room.
const auditPage = 1000

// VerifyAudit follows the chain from the oldest entry that is kept to the last,
// while others write and the oldest go. noted is a Head of earlier, nil for
// none.
func (s *Store) VerifyAudit(ctx context.Context, noted []byte) (*AuditReport, error) {
	w := newVerifying(noted)
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := s.View(func(v View) error { more = w.page(v, auditPage); return nil }); err != nil {
			return nil, err
		}
	}
	return w.report, nil
}

// VerifyAudit is that of the Store, in one state.
func (v View) VerifyAudit(noted []byte) *AuditReport {
	w := newVerifying(noted)
	w.page(v, math.MaxInt)
	return w.report
}

// verifying follows the chain, some of it in each view.
type verifying struct {
	report *AuditReport
	noted  []byte
	chain  follow
	from   []byte // the least key that was not looked at
	lost   bool   // where the log begins and ends can't be read
}

func newVerifying(noted []byte) *verifying {
	r := new(AuditReport)
	return &verifying{report: r, noted: noted, chain: follow{faults: &r.Faults}}
}

// page follows so many entries at most, and says whether there may be more.
func (w *verifying) page(v View, most int) (more bool) {
	ends := w.ends(v)
	if ends != nil && (!w.chain.begun || w.chain.next < ends.First) { // the rest of what was before is trimmed
		w.chain.next, w.chain.head, w.chain.begun = ends.First, ends.Before, true
		w.seen()
	}
	looked := 0
	v.r.Scan(spaceAudit, w.from, nil, func(key, raw []byte) bool {
		looked++
		w.entry(key, raw)
		w.from = append(bytes.Clone(key), 0)
		return looked < most
	})
	if looked == most {
		return true
	}
	if ends != nil && (w.chain.next != ends.Next || !bytes.Equal(w.chain.head, ends.Head)) {
		w.report.Faults = append(w.report.Faults, "the audit log: its end is missing, or not as it was written")
	}
	w.report.Head = w.chain.head
	return false
}

// ends are where the log begins and ends; nil, and a fault once, where that
// can't be read.
func (w *verifying) ends(v View) *auditEnds {
	ends, err := get[auditEnds](v.r, spaceMeta, metaAudit)
	if err == nil {
		return ends
	}
	if errors.Is(err, ErrNotFound) {
		err = errors.New("it is missing")
	}
	if !w.lost {
		w.report.Faults = append(w.report.Faults, "where the audit log begins and ends: "+err.Error())
	}
	w.lost = true
	return nil
}

func (w *verifying) entry(key, raw []byte) {
	r := w.report
	r.Entries++
	if e := w.chain.entry(key, raw); e != nil {
		if r.First == 0 {
			r.First = e.At
		}
		r.Last = e.At
	}
	w.seen()
}

func (w *verifying) seen() {
	w.report.Noted = w.report.Noted || len(w.noted) > 0 && bytes.Equal(w.chain.head, w.noted)
}
