package auth

import (
	"context"
	"errors"

	"kunci/db"
)

// sweepPerAct keeps one act of a sweep below the store's bound of keys, and
// short enough that no writer waits long behind it.
const sweepPerAct = 20

// Sweep removes what has expired: sessions, links, delays, entries of the audit
// log, and signing keys that verify nothing any more. It returns when nothing is left to remove.
// What can't be removed of one kind keeps nothing of another.
func (s *Service) Sweep(ctx context.Context) error {
	sessions, links := s.sweepKind(ctx, db.Tx.SweepSessions), s.sweepKind(ctx, db.Tx.SweepLinks)
	_, err := s.Ring.Prune(s.Now())
	return errors.Join(sessions, links, err, s.sweepDelays(ctx), s.sweepAudit(ctx))
}

func (s *Service) sweepKind(ctx context.Context, kind func(tx db.Tx, now db.Time, max int) (int, error)) error {
	now := s.now()
	for swept := sweepPerAct; swept == sweepPerAct; {
		err := s.update(ctx, func(tx db.Tx) (err error) {
			swept, err = kind(tx, now, sweepPerAct)
			return err
		})
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
	}
	return nil
}

// Probe sees whether the store reads and writes. Where it does, sign-outs
// that could not be stored before are.
func (s *Service) Probe(ctx context.Context) error {
	if err := s.Store.Probe(ctx, s.Now()); err != nil {
		return err
	}
	return s.storeEnded(ctx)
}
