package auth

import (
	"context"
	"encoding/binary"
	"errors"
	"maps"
	"math/bits"
	"slices"
	"sync"
	"time"

	"kunci/db"
	"kunci/server/password"
)

// floor keeps the time of a refusal from telling what hash is behind it:
// whether there is one, and whether it is of a faster or slower family than
// new ones. No failed check answers before the slowest kind would have, and
// where that is overrun, as on a busy machine, names without a hash are overrun
// as often: each is checked against a decoy of the kind that an account of that
// name might have.
type floor struct {
	mu    sync.Mutex
	costs map[string]time.Duration // of a failed check, by the kind of hash; measured once
	kinds []kindShare
	span  time.Duration // from when a check left the queue; 0: not measured yet
}

// kindShare is a kind of hash, and how many accounts have it or one that
// stands before it.
type kindShare struct {
	kind string
	upTo uint64
}

// floorMargin is how far the floor lies above the slowest kind's cost, so that
// few checks of that kind overrun it on a busy machine.
const floorMargin = 2

// MeasureFloor measures what a failed check costs for every kind of hash that
// accounts have, and for new ones. Until it has, checks take the time that
// they take. A kind is measured once; call it again when accounts may have
// brought others.
func (s *Service) MeasureFloor(ctx context.Context) error {
	accounts := map[string]int64{}
	if err := s.Store.View(func(v db.View) error { accounts = v.HashKinds(); return nil }); err != nil {
		return err
	}
	accounts[""]++ // of the current parameters, which the next account has
	s.floor.mu.Lock()
	known := s.floor.costs
	s.floor.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, measureWithin)
	defer cancel()
	costs := map[string]time.Duration{}
	defer func() { s.floor.set(costs, accounts) }() // what is known by then is better than nothing
	for kind := range accounts {
		if cost, measured := known[kind]; measured {
			costs[kind] = cost
		}
	}
	for kind := range accounts {
		if _, measured := costs[kind]; measured {
			continue
		}
		cost, err := s.cost(ctx, kind)
		switch {
		case err == nil:
			costs[kind] = cost
		case !errors.Is(err, password.ErrStored): // one that can't be checked is checked as no hash is
			return err
		}
	}
	return nil
}

// measureWithin bounds waiting for room at a gate that others keep full.
const measureWithin = time.Minute

// cost measures one kind, as soon as there is room for it.
func (s *Service) cost(ctx context.Context, kind string) (time.Duration, error) {
	for {
		cost, err := s.Hasher.Cost(ctx, kind)
		var busy *password.BusyError
		if !errors.As(err, &busy) {
			return cost, err
		}
		select {
		case <-time.After(busy.RetryAfter):
		case <-ctx.Done():
			return 0, err
		}
	}
}

func (f *floor) set(costs map[string]time.Duration, accounts map[string]int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.costs, f.kinds, f.span = costs, nil, 0
	var total uint64
	for _, kind := range slices.Sorted(maps.Keys(costs)) {
		total += uint64(accounts[kind])
		f.kinds = append(f.kinds, kindShare{kind, total})
		f.span = max(f.span, floorMargin*costs[kind])
	}
}

// decoy is a hash for a name that has none. The same name gets the same kind
// each time, as one that has a hash does; the name is keyed, so nobody can tell
// which.
func (f *floor) decoy(name digest) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.kinds) == 0 {
		return ""
	}
	// By its place among all names, so that one account more moves the bounds of
	// a kind by a hair, and with them hardly any name.
	drawn, _ := bits.Mul64(binary.BigEndian.Uint64(name[:]), f.kinds[len(f.kinds)-1].upTo)
	i := slices.IndexFunc(f.kinds, func(k kindShare) bool { return drawn < k.upTo })
	return password.Decoy(f.kinds[i].kind)
}

// Floor is how long a failed check takes at least, 0 before it was measured.
func (s *Service) Floor() time.Duration {
	s.floor.mu.Lock()
	defer s.floor.mu.Unlock()
	return s.floor.span
}

// holdBack waits, outside the gate, until a failed check may answer.
func (s *Service) holdBack(r password.Result) {
	time.Sleep(time.Until(r.Began.Add(s.Floor() * time.Duration(r.Forms))))
}
