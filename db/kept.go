package db

import (
	"bytes"
	"context"
	"errors"
)

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
