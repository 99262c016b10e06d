package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"kunci/db"
	"kunci/db/bolt"
	"kunci/server/token"
)

// judgeUnpacked opens what an archive was unpacked to, brings it up to this
// kunci's schema, and refuses what a server would not start with or a check
// finds fault with.
func judgeUnpacked(ctx context.Context, dir string, m *manifest) (_ *db.Store, err error) {
	e, err := bolt.Open(filepath.Join(dir, dataFile))
	if err != nil {
		return nil, fmt.Errorf("its data file can't be used: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.Close())
		}
	}()
	s, err := db.New(e)
	if err != nil {
		return nil, fmt.Errorf("its data file can't be used: %w", err)
	}
	if info := s.Info(); info.Instance.String() != m.Instance || info.Schema != m.Schema {
		return nil, damagedArchive("its data file is not the one that its manifest tells of")
	}
	if err := s.Migrate(ctx); err != nil {
		return nil, err
	}
	faults, err := s.Check()
	switch {
	case err != nil:
		return nil, err
	case len(faults) > 0:
		return nil, fmt.Errorf("its data has %d faults, the first of them: %s", len(faults), faults[0])
	}
	if m.hasKeys() {
		if _, err := token.Open(filepath.Join(dir, keysFolder), m.Instance); err != nil {
			return nil, err
		}
	}
	return s, ctx.Err()
}
