package db

import (
	"context"
	"fmt"
)

// migrations bring a data file from one schema to the next, in order: the
// first leads from 1 to 2. Each is a list of small acts, since one Update
// touches at most 100 keys; a migration cut off in the middle starts again.
var migrations = []func(context.Context, *Store) error{toSchema2}

// toSchema2 begins the audit log.
func toSchema2(ctx context.Context, s *Store) error {
	return s.engine.Update(ctx, func(w Writer) error { return beginAudit(w, s.info.Instance) })
}

// Migrate brings the data file of an older program up to this one's schema.
// Whoever opens a file judges first, by its Info, whether it is the right one.
func (s *Store) Migrate(ctx context.Context) error {
	for s.info.Schema < Schema {
		if err := migrations[s.info.Schema-1](ctx, s); err != nil {
			return fmt.Errorf("db: migrating from schema %d: %w", s.info.Schema, err)
		}
		next := s.info
		next.Schema++
		err := s.engine.Update(ctx, func(w Writer) error {
			if next.Schema == Schema {
				w.Delete(spaceMeta, metaKept)
			}
			return put(w, spaceMeta, metaInfo, &next)
		})
		if err != nil {
			return err
		}
		s.info = next
	}
	return nil
}
