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
	return s.inActs(ctx, sweepPerAct, func(tx db.Tx) (int, error) { return kind(tx, now, sweepPerAct) })
}

// inActs repeats an act that does most at once until there is less to do.
func (s *Service) inActs(ctx context.Context, most int, act func(tx db.Tx) (done int, err error)) error {
	for done := most; done == most; {
		err := s.update(ctx, func(tx db.Tx) (err error) {
			done, err = act(tx)
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
