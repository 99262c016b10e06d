package auth

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"kunci/db"
)

// Audited is an entry of the audit log as an operator sees it. Hashes and the
// digest of what was typed are in hexadecimal.
type Audited struct {
	Seq     uint64    `json:"seq"`
	Time    time.Time `json:"time"`
	Event   string    `json:"event"`
	Outcome string    `json:"outcome"`
	Reason  string    `json:"reason,omitzero"`
	Account string    `json:"account,omitzero"` // UUID
	Dialect string    `json:"dialect"`
	Address string    `json:"address,omitzero"`
	Request string    `json:"request,omitzero"`
	Subject string    `json:"subject,omitzero"`
	Name    string    `json:"name_digest,omitzero"`
	Times   uint64    `json:"times,omitzero"` // how many it stands for, where that is not one
	Prev    string    `json:"prev"`           // SHA-256 of the entry before
}

func auditedOf(e *db.AuditEntry) *Audited {
	a := &Audited{
		Seq: e.Seq, Time: e.At.Time(), Event: e.Event, Outcome: e.Outcome, Reason: e.Reason, Dialect: e.Dialect, Address: e.Addr,
		Subject: e.Subject, Name: hex.EncodeToString(e.Name), Times: e.Times, Prev: hex.EncodeToString(e.Prev),
	}
	if e.Account != (uuid.UUID{}) {
		a.Account = e.Account.String()
	}
	if e.Request != (uuid.UUID{}) {
		a.Request = e.Request.String()
	}
	return a
}

// AuditPage is what came of a query.
type AuditPage struct {
	Entries    []*Audited `json:"entries"` // the newest last
	Last       uint64     `json:"last"`    // number of the last entry that was looked at
	Unreadable int        `json:"unreadable"`
}

// auditAtOnce is how many entries are read in one view of the store.
const auditAtOnce = 1000

// Audit lists entries of the audit log.
func (o Operator) Audit(ctx context.Context, q AuditQuery) (*AuditPage, error) {
	asked, err := o.asked(&q)
	if err != nil {
		return nil, err
	}
	limit := cmp.Or(q.Limit, MostAudited)
	page, first := &AuditPage{Entries: []*Audited{}}, uint64(0)
	if q.After == 0 { // who asks again and again gets what is written anyway
		_ = o.flushAudit(ctx)
	}
	err = o.Store.View(func(v db.View) error {
		from, next := v.AuditSpan()
		page.Last, first = max(next, 1)-1, max(from, q.After+1)
		return nil
	})
	for to := page.Last + 1; err == nil && to > first && len(page.Entries) < limit; {
		if err = ctx.Err(); err != nil {
			break
		}
		from := max(first, to-min(to, auditAtOnce))
		var found []*Audited
		err = o.Store.View(func(v db.View) error {
			v.AuditEntries(from, to, func(e *db.AuditEntry, err error) bool {
				switch {
				case err != nil:
					page.Unreadable++
				case asked.by(e):
					found = append(found, auditedOf(e))
				}
				return true
			})
			return nil
		})
		slices.Reverse(found)
		page.Entries = append(page.Entries, found...)
		to = from
	}
	page.Entries = page.Entries[:min(limit, len(page.Entries))]
	slices.Reverse(page.Entries)
	return page, err
}

// AuditExport calls fn for every entry, the oldest first, until it returns an
// error. It is itself told to the audit log.
func (o Operator) AuditExport(ctx context.Context, fn func(*Audited) error) (unreadable int, err error) {
	_ = o.flushAudit(ctx) // what is not written yet waits on
	if err := o.begin(ctx, o.entry(eventAuditExport)); err != nil {
		return 0, err
	}
	var from, next uint64
	err = o.Store.View(func(v db.View) error { from, next = v.AuditSpan(); return nil })
	for ; err == nil && from < next; from += auditAtOnce {
		if err := ctx.Err(); err != nil {
			return unreadable, err
		}
		var page []*Audited
		err = o.Store.View(func(v db.View) error {
			v.AuditEntries(from, min(from+auditAtOnce, next), func(e *db.AuditEntry, err error) bool {
				if err != nil {
					unreadable++
				} else {
					page = append(page, auditedOf(e))
				}
				return true
			})
			return nil
		})
		for _, e := range page {
			if err := fn(e); err != nil {
				return unreadable, err
			}
		}
	}
	return unreadable, err
}

// AuditVerified is what the chain of the audit log comes to.
type AuditVerified struct {
	Entries int       `json:"entries"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
	Head    string    `json:"head"`  // SHA-256 of the last entry, in hexadecimal
	Noted   bool      `json:"noted"` // whether a head of earlier is in the chain
	Faults  []string  `json:"faults"`
}

// VerifyAudit follows the chain of the audit log. head is one that was noted
// earlier, "" for none.
func (o Operator) VerifyAudit(ctx context.Context, head string) (*AuditVerified, error) {
	noted, err := hex.DecodeString(head)
	if err != nil || len(noted) != 0 && len(noted) != 32 {
		return nil, fail(Invalid, "invalid", fmt.Errorf("%q is no head of 64 hexadecimal digits (kunci audit verify shows it)", head))
	}
	_ = o.flushAudit(ctx) // what is not written yet waits on
	r, err := o.Store.VerifyAudit(ctx, noted)
	if err != nil {
		return nil, err
	}
	return &AuditVerified{
		Entries: r.Entries, First: r.First.Time(), Last: r.Last.Time(), Head: hex.EncodeToString(r.Head), Noted: r.Noted, Faults: append([]string{}, r.Faults...),
	}, nil
}
