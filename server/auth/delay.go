package auth

import (
	"context"
	"time"

	"kunci/db"
)

// delaysPerAct keeps one act on delays below the store's bound of keys. One
// act a second is more than guesses can fill: each name in it has cost five
// hashes.
const delaysPerAct = 90

// changed notes that the store should hold another delay for a name. Names
// that are not slowed down are not worth a write.
func (l *limiter) changed(key digest, s *slowed) {
	if s.stored || s.failures.level >= freeFailures {
		s.stored = true
		l.unsaved[key] = true
	}
}

// take hands out delays that are to be stored, nil for one to forget.
func (l *limiter) take(max int) map[digest]*db.Delay {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken := map[digest]*db.Delay{}
	for key := range l.unsaved {
		if len(taken) == max {
			break
		}
		delete(l.unsaved, key)
		taken[key] = nil
		if s, ok := l.names.Peek(key); ok {
			taken[key] = &db.Delay{Level: s.failures.level, At: db.At(s.failures.at), Until: db.At(s.until)}
		}
	}
	return taken
}

// putBack notes that delays which were taken could not be stored.
func (l *limiter) putBack(taken map[digest]*db.Delay) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key := range taken {
		l.unsaved[key] = true
	}
}

// recall takes up a delay that the store holds and the memory does not: from
// before a restart, or pushed out by other names. Neither is a way around it.
func (l *limiter) recall(key digest, d *db.Delay) {
	if d == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.names.Contains(key) && !l.unsaved[key] {
		l.names.Add(key, &slowed{failures: slope{d.Level, d.At.Time()}, until: d.Until.Time(), stored: true})
	}
}

// SaveDelays stores delays that have changed, in one act at most. Called once
// a second, it costs one sync a second at most.
func (s *Service) SaveDelays(ctx context.Context) error {
	taken := s.limits.take(delaysPerAct)
	if len(taken) == 0 {
		return nil
	}
	err := s.update(ctx, func(tx db.Tx) error {
		for key, d := range taken {
			if err := tx.PutDelay(append([]byte(nil), key[:]...), d); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.limits.putBack(taken)
	}
	return err
}

// forgotten says whether nothing is left of a delay by now.
func (s *Service) forgotten(d *db.Delay) bool {
	left := slope{d.Level, d.At.Time()}
	return left.now(s.Now(), forget) == 0 && !d.Until.Time().After(s.Now())
}

// sweepDelays removes up to max delays of which nothing is left, and says how
// many it removed.
func (s *Service) sweepDelays(tx db.Tx, _ db.Time, max int) (swept int, err error) {
	var names [][]byte
	tx.Delays(func(name []byte, d *db.Delay) bool {
		if s.forgotten(d) {
			names = append(names, append([]byte(nil), name...))
		}
		return len(names) < max
	})
	for _, name := range names {
		if err := tx.PutDelay(name, nil); err != nil {
			return swept, err
		}
		swept++
	}
	return swept, nil
}

// saveDelaysEvery is how much of the counting a crash may forget.
const saveDelaysEvery = time.Second

// KeepDelays saves delays as they change until ctx ends, and once more then.
// report is told when that begins to fail; it is tried again.
func (s *Service) KeepDelays(ctx context.Context, report func(error)) {
	tick := time.NewTicker(saveDelaysEvery)
	defer tick.Stop()
	failing := false
	for ended := false; !ended; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			ended = true
		}
		err := s.SaveDelays(context.WithoutCancel(ctx))
		if err != nil && !failing {
			report(err)
		}
		failing = err != nil
	}
}
