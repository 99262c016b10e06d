package db

import (
	"bytes"
	"context"
	"errors"
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

// kept is what stands in a data file while it is migrated: the name under
// which it is kept as it was before. A copy put back does not hold it.
type kept struct {
	Name  string `cbor:"1,keyasint"`
	Probe []byte `cbor:"2,keyasint,omitempty"` // as it stood then
}

// Keep notes under which name the data file is kept as it is, before Migrate
// changes it.
func (s *Store) Keep(ctx context.Context, name string) error {
	return s.engine.Update(ctx, func(w Writer) error {
		return put(w, spaceMeta, metaKept, &kept{Name: name, Probe: bytes.Clone(w.Get(spaceMeta, metaProbe))})
	})
}

// Kept is the name that Keep noted for a migration which was cut off, "" where
// none was, or where a server has run on the file since, whose acts that copy
// lacks.
func (s *Store) Kept() (name string, err error) {
	err = s.engine.View(func(r Reader) error {
		k, err := get[kept](r, spaceMeta, metaKept)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err == nil && bytes.Equal(k.Probe, r.Get(spaceMeta, metaProbe)) {
			name = k.Name
		}
		return err
	})
	return name, err
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
