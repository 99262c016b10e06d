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
func (s *Service) Sweep(ctx context.Context) error {
	now := s.now()
	for _, kind := range []func(db.Tx, db.Time, int) (int, error){db.Tx.SweepSessions, db.Tx.SweepLinks} {
		for swept := sweepPerAct; swept == sweepPerAct; {
			err := s.update(ctx, func(tx db.Tx) (err error) {
				swept, err = kind(tx, now, sweepPerAct)
				return err
			})
			if err = errors.Join(err, ctx.Err()); err != nil {
				return err
			}
		}
	}
	_, err := s.Ring.Prune(s.Now())
	return errors.Join(err, s.sweepDelays(ctx), s.sweepAudit(ctx))
}

// Probe sees whether the store reads and writes. Where it does, sign-outs
// that could not be stored before are.
func (s *Service) Probe(ctx context.Context) error {
	if err := s.Store.Probe(ctx, s.Now()); err != nil {
		return err
	}
	return s.storeEnded(ctx)
}
