package auth

import (
	"context"
	"fmt"
	"math"

	"github.com/google/uuid"

	"kunci/db"
)

// entry is an operator's act.
func (o Operator) entry(event string) *db.AuditEntry {
	e := &db.AuditEntry{At: o.now(), Event: event, Outcome: outcomeOK, Dialect: byOperator}
	if o.Scheduled {
		e.Dialect = byServer
	}
	e.Request, _ = uuid.Parse(o.RequestID)
	return e
}

// record writes what an operator does, in the act itself.
func (o Operator) record(tx db.Tx, e *db.AuditEntry) error {
	if o.AuditMost == 0 {
		return nil
	}
	return tx.Audit(e)
}

func (o Operator) recordFor(tx db.Tx, event string, account uuid.UUID, reason string) error {
	e := o.entry(event)
	e.Account, e.Reason = account, reason
	return o.record(tx, e)
}

func (o Operator) recordOn(tx db.Tx, event, subject string) error {
	e := o.entry(event)
	e.Subject = subject
	return o.record(tx, e)
}

// begin writes that an operator begins what is done beside the store. A server
// that can't write it now writes it later: a full disk must not keep anybody
// from a backup. A process that ends with the act has no later, so there it is
// an error.
func (o Operator) begin(ctx context.Context, e *db.AuditEntry) error {
	e.Outcome = outcomeBegun
	err := o.write(ctx, e)
	switch {
	case err == nil:
		return nil
	case o.Alone:
		return fmt.Errorf("auth: nothing was begun, since the audit log takes no entry of it: %w", err)
	}
	o.audits.add(e, true)
	return nil
}

// note writes what came of an operator's act beside the store, now or later.
func (o Operator) note(ctx context.Context, e *db.AuditEntry) {
	if o.write(ctx, e) != nil {
		o.audits.add(e, true)
	}
}

// write writes an entry in an act of its own. One that may stand after an error
// is not written again.
func (o Operator) write(ctx context.Context, e *db.AuditEntry) error {
	if o.AuditMost == 0 {
		return nil
	}
	open, err := o.writeAudit(ctx, func() []*db.AuditEntry {
		again := *e
		return []*db.AuditEntry{&again}
	})
	if open {
		return nil
	}
	return err
}

// came is an entry with what came of an act that was begun.
func (o Operator) came(e *db.AuditEntry, err error) *db.AuditEntry {
	after := *e
	if after.At, after.Outcome = o.now(), outcomeOK; err != nil {
		after.Outcome = outcomeBrokenOff
	}
	return &after
}

// trimsPerAct keeps one act of a sweep below the store's bound of keys.
const trimsPerAct = 80

// sweepAudit removes the entries that are too old or too many. A clock that is
// ahead must not delete the log, so an entry grows old by the newest one. Where
// no log is kept, no newer one comes, and what was written before grows old by
// the clock.
func (s *Service) sweepAudit(ctx context.Context) error {
	most := s.AuditMost
	if most == 0 {
		most = math.MaxInt
	}
	keep := s.AuditKeep
	if keep == 0 {
		keep = MostAuditKeep
	}
	now := s.Now()
	if s.AuditMost > 0 {
		err := s.Store.View(func(v db.View) error {
			if newest := v.NewestAudited().Time(); newest.Before(now) {
				now = newest
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	before := db.Time(now.Add(-keep).UnixMilli())
	return s.inActs(ctx, trimsPerAct, func(tx db.Tx) (int, error) {
		return tx.TrimAudit(before, s.now(), most, trimsPerAct)
	})
}
