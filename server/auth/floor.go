package auth

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"kunci/db"
	"kunci/server/password"
)

// floor is when a failed password check answers at the earliest, so that the
// time tells nothing of the hash behind it: whether there is one, and whether
// it is of a faster or slower family than new ones.
type floor struct {
	span atomic.Int64 // nanoseconds from when a check left the queue; 0: not measured yet

	mu    sync.Mutex
	costs map[string]time.Duration // by the kind of hash, measured once
}

// floorMargin is how far the floor lies above the slowest kind's cost, so that
// few checks of that kind overrun it on a busy machine.
const floorMargin = 2

// MeasureFloor measures what a failed check costs for every kind of hash that
// accounts have, and for new ones. Until it has, checks take the time that
// they take. A kind is measured once; call it again when accounts may have
// brought others.
func (s *Service) MeasureFloor(ctx context.Context) error {
	kinds := []string{""} // of the current parameters, as for unknown accounts
	if err := s.Store.View(func(v db.View) error { kinds = append(kinds, v.HashKinds()...); return nil }); err != nil {
		return err
	}
	s.floor.mu.Lock()
	defer s.floor.mu.Unlock()
	costs := map[string]time.Duration{}
	var slowest time.Duration
	for _, kind := range kinds {
		cost, known := s.floor.costs[kind]
		if !known {
			var err error
			cost, err = s.Hasher.Cost(ctx, kind)
			if errors.Is(err, password.ErrStored) {
				continue // it is checked as no hash is
			}
			if err != nil {
				return err
			}
		}
		costs[kind] = cost
		slowest = max(slowest, cost)
	}
	s.floor.costs = costs
	s.floor.span.Store(int64(floorMargin * float64(slowest)))
	return nil
}

// Floor is how long a failed check takes at least, 0 before it was measured.
func (s *Service) Floor() time.Duration { return time.Duration(s.floor.span.Load()) }

// holdBack waits, outside the gate, until a failed check may answer.
func (s *Service) holdBack(r password.Result) {
	time.Sleep(time.Until(r.Began.Add(s.Floor() * time.Duration(r.Forms))))
}
