package db

import (
	"bytes"
	"context"
)

// Census is how much a store holds.
type Census struct {
	Accounts int
	Sessions int // that have not expired; those that a reset ended count until they are removed
	Mails    int // that wait to be sent
	Retried  int // of them, those that failed before
	Oldest   Time
}

// censusAtOnce is how many keys are counted in one View: one that lasted long
// would keep the engine from using pages again.
const censusAtOnce = 10_000

// Census counts by reading every key, in many short looks: what comes or goes
// meanwhile may be counted or not. A mail that can't be read waits all the
// same. Oldest is when the oldest of the mails was queued, 0 where none waits.
func (s *Store) Census(ctx context.Context, now Time) (c Census, err error) {
	if c.Accounts, err = s.count(ctx, spaceAccount, nil, nil); err != nil {
		return c, err
	}
	if c.Sessions, err = s.count(ctx, spaceSessionExpiry, hourKey(now, ID{}), nil); err != nil {
		return c, err
	}
	c.Mails, err = s.count(ctx, spaceMail, nil, func(key, raw []byte) {
		j := new(MailJob)
		if decode(spaceMail, key, raw, j) != nil {
			return
		}
		if j.Attempts > 0 {
			c.Retried++
		}
		if c.Oldest == 0 || j.Created < c.Oldest {
			c.Oldest = j.Created
		}
	})
	return c, err
}

// count counts the keys of a space from one on, and shows each to see.
func (s *Store) count(ctx context.Context, space Space, from []byte, see func(key, value []byte)) (n int, err error) {
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		seen := 0
		err := s.engine.View(func(r Reader) error {
			r.Scan(space, from, nil, func(key, value []byte) bool {
				if seen++; see != nil {
					see(key, value)
				}
				if seen == censusAtOnce {
					from = append(bytes.Clone(key), 0) // the next that there can be
				}
				return seen < censusAtOnce
			})
			return nil
		})
		if err != nil {
			return n, err
		}
		n, more = n+seen, seen == censusAtOnce
	}
	return n, nil
}
