package db

import (
	"bytes"
	"context"
)

// keyedSpaces hold what is worth nothing without the keys that it was made
// with: sessions and their tokens, mailed links, delays, whose names are keyed
// digests. The audit log stays: it tells of more than names.
var keyedSpaces = []Space{
	spaceSession, spaceSessionAccount, spaceSessionKey, spaceSessionExpiry,
	spaceLink, spaceLinkAccount, spaceLinkExpiry,
	spaceDelay,
}

// perClear is how many keys one commit of ClearKeyed removes.
const perClear = 20_000

// ClearKeyed ends every session, mailed link and delay, for a data file whose
// keys are gone. It goes in several commits: cut off, some are left. Nobody
// else may have the store meanwhile.
func (s *Store) ClearKeyed(ctx context.Context) error {
	for _, space := range keyedSpaces {
		for left := perClear; left == perClear; {
			err := s.engine.Load(ctx, func(w Writer) error {
				var keys [][]byte
				w.Scan(space, nil, nil, func(key, _ []byte) bool {
					keys = append(keys, bytes.Clone(key))
					return len(keys) < perClear
				})
				for _, key := range keys {
					w.Delete(space, key)
				}
				left = len(keys)
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
