package auth

import (
	"bytes"
	"context"
	"errors"
	"slices"
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
		l.unsaved[key] = &db.Delay{Level: s.failures.level, At: db.At(s.failures.at), Until: db.At(s.until)}
	}
}

// take hands out delays that are to be stored; settle says what became of them.
func (l *limiter) take(max int) map[digest]*db.Delay {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.saving = map[digest]*db.Delay{}
	for key, d := range l.unsaved {
		if len(l.saving) == max {
			break
		}
		l.saving[key] = d
		delete(l.unsaved, key)
	}
	return l.saving
}

// settle puts back what could not be stored, unless it has changed meanwhile.
func (l *limiter) settle(stored bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, d := range l.saving {
		if _, newer := l.unsaved[key]; !stored && !newer {
			l.unsaved[key] = d
		}
	}
	l.saving = nil
}

// recall takes up a delay that the store holds and the memory does not: from
// before a restart, or pushed out by other names. Neither is a way around it.
// Times that a wrong clock wrote can't lie further ahead than a delay reaches.
func (l *limiter) recall(key digest, d *db.Delay, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, unsaved := l.unsaved[key]
	_, saving := l.saving[key]
	if unsaved || saving || l.names.Contains(key) {
		return
	}
	at, until := d.At.Time(), d.Until.Time()
	if at.After(now) {
		at = now
	}
	if latest := now.Add(longestDelay); until.After(latest) {
		until = latest
	}
	l.names.Add(key, &slowed{failures: slope{min(d.Level, mostLevel), at}, until: until, stored: true})
}

// mostLevel is a level from which the longest delay is reached for sure.
const mostLevel = freeFailures + 20

// SaveDelays stores delays that have changed, in one act at most. Called once
// a second, it costs one sync a second at most.
func (s *Service) SaveDelays(ctx context.Context) error {
	taken := s.limits.take(delaysPerAct)
	if len(taken) == 0 {
		return nil
	}
	err := s.update(ctx, func(tx db.Tx) error {
		for key, d := range taken { // nobody changes it before settle
			if err := tx.PutDelay(append([]byte(nil), key[:]...), d); err != nil {
				return err
			}
		}
		return nil
	})
	s.limits.settle(err == nil)
	return err
}

// forgotten says whether nothing is left of a delay by now.
func (s *Service) forgotten(d *db.Delay) bool {
	left := slope{min(d.Level, mostLevel), d.At.Time()}
	return left.now(s.Now(), forget) == 0 && !d.Until.Time().After(s.Now())
}

// delaysPerSweep bounds what one sweep holds in memory.
const delaysPerSweep = 10_000

// sweepDelays removes delays of which nothing is left. They are looked for
// outside the acts that remove them, each of which looks again.
func (s *Service) sweepDelays(ctx context.Context) error {
	var names [][]byte
	err := s.Store.View(func(v db.View) error {
		v.Delays(func(name []byte, d *db.Delay) bool {
			if s.forgotten(d) {
				names = append(names, bytes.Clone(name))
			}
			return len(names) < delaysPerSweep
		})
		return nil
	})
	for chunk := range slices.Chunk(names, delaysPerAct) {
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		err = s.update(ctx, func(tx db.Tx) error {
			for _, name := range chunk {
				if d, err := tx.Delay(name); err == nil && s.forgotten(d) {
					if err := tx.PutDelay(name, nil); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	return err
}

// saveDelaysEvery is how much of the counting a crash may forget.
const saveDelaysEvery = time.Second

// KeepDelays saves delays as they change until ctx ends, and once more then.
// report is told when that begins to fail; it is tried again.
func (s *Service) KeepDelays(ctx context.Context, report func(error)) {
	s.keep(ctx, saveDelaysEvery, report, s.SaveDelays)
}

// keep saves now and then until ctx ends, and once more then.
func (s *Service) keep(ctx context.Context, every time.Duration, report func(error), save func(context.Context) error) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	failing := false
	for ended := false; !ended; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			ended = true
		}
		err := save(context.WithoutCancel(ctx))
		if err != nil && !failing {
			report(err)
		}
		failing = err != nil
	}
}

// forgetDelays forgets in the store what slows sign-ins to an account down: who
// owns its names was proved. Once that is done, the memory has to forget them.
func (s *Service) forgetDelays(tx db.Tx, a *db.Account) (names []digest, err error) {
	names = s.namesOf(a)
	for _, name := range names {
		err = errors.Join(err, tx.PutDelay(name[:], nil))
	}
	return names, err
}

// namesOf are the digests of what an account is signed in to by.
func (s *Service) namesOf(a *db.Account) (names []digest) {
	for _, name := range []string{a.Email, a.Username} {
		if name != "" {
			names = append(names, s.limits.named(nameKey(name)))
		}
	}
	return names
}
