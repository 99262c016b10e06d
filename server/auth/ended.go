package auth

import (
	"context"
	"errors"
	"sync"

	"kunci/db"
)

// mostEnded bounds how many sessions are held ended in memory. Each is a
// session that stood, so there are no more of them than sign-ins.
const mostEnded = 10_000

// endedSessions are sessions whose sign-out could not be stored. They are
// refused from then on, and a restart forgets them: whoever signed out was
// told that it is not for good yet (503), and may ask again.
type endedSessions struct {
	mu  sync.Mutex
	ids map[db.ID]*db.AuditEntry // what the audit log will say of it, nil for nothing
}

func (e *endedSessions) has(id db.ID) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, has := e.ids[id]
	return has
}

func (e *endedSessions) add(id db.ID, entry *db.AuditEntry) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ids == nil {
		e.ids = map[db.ID]*db.AuditEntry{}
	}
	if len(e.ids) < mostEnded {
		e.ids[id] = entry
	}
}

func (e *endedSessions) remove(id db.ID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.ids, id)
}

// some are up to max of them.
func (e *endedSessions) some(max int) map[db.ID]*db.AuditEntry {
	e.mu.Lock()
	defer e.mu.Unlock()
	some := map[db.ID]*db.AuditEntry{}
	for id, entry := range e.ids {
		if len(some) == max {
			break
		}
		some[id] = entry
	}
	return some
}

// endsPerAct keeps an act of storeEnded below the store's bound of keys.
const endsPerAct = 15

// storeEnded stores the ends that are only in memory so far, and stops at the
// first that still can't be.
func (s *Service) storeEnded(ctx context.Context) error {
	for {
		ids := s.ended.some(endsPerAct)
		if len(ids) == 0 {
			return nil
		}
		err := s.Store.Update(ctx, func(tx db.Tx) error {
			for id, entry := range ids {
				switch err := tx.EndSession(id); {
				case isNotFound(err) || errors.As(err, new(*db.DamagedError)):
				case err != nil:
					return err
				case entry != nil:
					e := *entry
					e.At, e.Outcome, e.Reason = s.now(), outcomeOK, "it could not be stored at once"
					if err := tx.Audit(&e); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		for id := range ids {
			s.ended.remove(id)
		}
	}
}
