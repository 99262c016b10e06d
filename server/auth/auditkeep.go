package auth

import (
	"context"
	"errors"
	"time"

	"kunci/db"
)

const saveAuditEvery = time.Second

// SaveAudit writes what waits for the audit log, in one act at most, and says
// whether more waits. Where nobody can say whether it was written, it is not
// written again.
func (s *Service) SaveAudit(ctx context.Context) (more bool, err error) {
	batch := s.audits.take(s.now())
	if len(batch.entries) == 0 && batch.dropped == 0 {
		return false, nil
	}
	open, err := s.writeAudit(ctx, batch.all)
	if err != nil && !open {
		s.audits.putBack(batch)
		return false, err
	}
	s.audits.settled(batch)
	return err == nil && len(batch.entries) == auditPerAct-1, err
}

// writeAudit writes entries in an act of their own. After an error, open says
// that they may stand all the same.
func (s *Service) writeAudit(ctx context.Context, entries func() []*db.AuditEntry) (open bool, err error) {
	ran := false
	err = s.update(ctx, func(tx db.Tx) error {
		ran = true
		return tx.Audit(entries()...)
	})
	return ran && errors.Is(err, context.DeadlineExceeded), err
}

// KeepAudit writes what waits for the audit log once a second until ctx ends,
// and all of it then; in between it keeps the log near its bound. report is
// told when that begins to fail; it is tried again.
func (s *Service) KeepAudit(ctx context.Context, report func(error)) {
	s.keep(ctx, saveAuditEvery, report, func(ctx context.Context) error {
		_, err := s.SaveAudit(ctx)
		return errors.Join(err, s.boundAudit(ctx))
	})
	if err := s.FlushAudit(context.WithoutCancel(ctx)); err != nil {
		report(err)
	}
}

// boundAudit does a sweep's work on the log early where its entries are more
// than allowed by a tenth: what comes in a flood does not wait for the sweep.
func (s *Service) boundAudit(ctx context.Context) error {
	var kept uint64
	err := s.Store.View(func(v db.View) error {
		first, next := v.AuditSpan()
		kept = next - first
		return nil
	})
	if most := uint64(s.AuditMost); err != nil || most == 0 || kept <= most+most/10 {
		return err
	}
	return s.sweepAudit(ctx)
}

// FlushAudit writes all that waits, before the process ends.
func (s *Service) FlushAudit(ctx context.Context) error {
	s.audits.tellDropped()
	return s.flushAudit(ctx)
}

// flushAudit writes what waits. What can't be written now is written later.
func (s *Service) flushAudit(ctx context.Context) (err error) {
	for more := true; more && err == nil; {
		more, err = s.SaveAudit(ctx)
	}
	return err
}
