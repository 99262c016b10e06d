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
	ids map[db.ID]struct{}
}

func (e *endedSessions) has(id db.ID) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, has := e.ids[id]
	return has
}

func (e *endedSessions) add(id db.ID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ids == nil {
		e.ids = map[db.ID]struct{}{}
	}
	if len(e.ids) < mostEnded {
		e.ids[id] = struct{}{}
	}
}

func (e *endedSessions) remove(id db.ID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.ids, id)
}

// some are up to max of them.
func (e *endedSessions) some(max int) (ids []db.ID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for id := range e.ids {
		if len(ids) == max {
			break
		}
		ids = append(ids, id)
	}
	return ids
}

// storeEnded stores the ends that are only in memory so far, and stops at the
// first that still can't be.
func (s *Service) storeEnded(ctx context.Context) error {
	for {
		ids := s.ended.some(sweepPerAct)
		if len(ids) == 0 {
			return nil
		}
		err := s.Store.Update(ctx, func(tx db.Tx) error {
			for _, id := range ids {
				if err := tx.EndSession(id); err != nil && !isNotFound(err) && !errors.As(err, new(*db.DamagedError)) {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, id := range ids {
			s.ended.remove(id)
		}
	}
}
