package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"kunci/db"
	"kunci/server/token"
)

// judgeUnpacked opens what an archive was unpacked to, and refuses what a
// server would not start with or a check finds fault with, but for the audit
// log. Data of an older schema stays as it is: a copy of it is upgraded, and
// checked.
func judgeUnpacked(ctx context.Context, dir string, m *manifest) (_ *db.Store, err error) {
	file := filepath.Join(dir, dataFile)
	if m.Schema < db.Schema {
		if err := judgeOlder(ctx, file, filepath.Join(dir, keeping)); err != nil {
			return nil, err
		}
	}
	s, err := openStore(file)
	if err != nil {
		return nil, fmt.Errorf("its data file can't be used: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if info := s.Info(); info.Instance.String() != m.Instance || info.Schema != m.Schema {
		return nil, damagedArchive("its data file is not the one that its manifest tells of")
	}
	if m.Schema == db.Schema {
		faults, _, err := s.CheckApart(new(db.Progress)) // a damaged audit log must not keep anybody from a backup
		if err := judge(faults, err); err != nil {
			return nil, err
		}
	}
	if m.hasKeys() {
		if _, err := token.Open(filepath.Join(dir, keysFolder), m.Instance); err != nil {
			return nil, err
		}
	}
	return s, ctx.Err()
}

// judgeOlder judges a copy aside of a data file of an older schema.
func judgeOlder(ctx context.Context, file, aside string) error {
	if err := copyFile(file, aside); err != nil {
		return err
	}
	t, err := tryUpgrade(ctx, aside)
	if err == nil {
		err = judge(t.Faults, nil)
	} else {
		err = fmt.Errorf("its data file can't be used: %w", err)
	}
	return errors.Join(err, os.Remove(aside))
}

// judge is what a check has found as an error.
func judge(faults []string, err error) error {
	if err == nil && len(faults) > 0 {
		return fmt.Errorf("its data has %d faults, the first of them: %s", len(faults), faults[0])
	}
	return err
}
