package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	urfave "github.com/urfave/cli/v3"

	"kunci/db"
)

// compacting is what the copy is called until it takes the data file's name.
const compacting = ".compact.db"

func (p *program) compactCommand() *urfave.Command {
	return &urfave.Command{
		Name: "compact", Usage: "make the data file small: without free pages, and without traces of what was deleted",
		Action: func(_ context.Context, cmd *urfave.Command) error {
			if _, err := arguments(cmd); err != nil {
				return err
			}
			return p.withData(cmd, func(dir string, d *data) error {
				bar := p.newBar("compact", 0)
				before, after, err := compact(dir, d, bar)
				bar.end()
				if err != nil {
					return err
				}
				file := filepath.Join(dir, dataFile)
				return tell(cmd, compacted{file, before, after}, "%s: %d bytes, %d before", file, after, before)
			})
		},
	}
}

// compacted is what came of a compaction, for programs; sizes in bytes.
type compacted struct {
	File   string `json:"file"`
	Before int64  `json:"bytes_before"`
	After  int64  `json:"bytes"`
}

// compact puts a copy without free pages in the place of the open data file
// and says the sizes of both in bytes. The copy takes the name once it is
// synced and checked: cut off at any moment, one of the two stands there whole.
func compact(dir string, d *data, b *bar) (before, after int64, err error) {
	file, copied := filepath.Join(dir, dataFile), filepath.Join(dir, compacting)
	if err := faultless(d.store, b); err != nil {
		return 0, 0, fmt.Errorf("%s: %w", file, err)
	}
	b.total = sizeOf(file)
	err = watching(func() { b.reach(sizeOf(copied), "copied") }, func() (err error) {
		before, after, err = d.engine.Compact(copied)
		return err
	})
	if err != nil {
		return 0, 0, fmt.Errorf("%s can't be copied, and stays as it is: %w: make room for a second one, and look after the disk", file, err)
	}
	if err := checkCopy(copied, d.store.Info(), b); err != nil {
		return 0, 0, errors.Join(fmt.Errorf("the copy of %s is not whole, and the file stays as it is: %w: look after the disk", file, err), os.Remove(copied))
	}
	if err := os.Rename(copied, file); err != nil {
		return 0, 0, errors.Join(err, os.Remove(copied))
	}
	return before, after, syncFolder(dir)
}

func checkCopy(path string, want db.Info, b *bar) error {
	s, err := openStore(path)
	if err != nil {
		return err
	}
	err = faultless(s, b)
	if s.Info() != want {
		err = errors.Join(err, errors.New("it is of another instance"))
	}
	return errors.Join(err, s.Close())
}

// faultless refuses data in which check finds something: what is damaged is
// for a backup to mend, not to be carried over.
func faultless(s *db.Store, b *bar) error {
	faults, err := b.check(s)
	if err == nil && len(faults) > 0 {
		err = fmt.Errorf("it has %d faults, which kunci check lists: restore it from a backup", len(faults))
	}
	return err
}

// dropCopy removes the copy that a compaction which was cut off left: it holds
// accounts that may have been deleted since.
func dropCopy(f *folder) error {
	if !f.has[compacting] {
		return nil
	}
	if err := os.Remove(filepath.Join(f.path, compacting)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return syncFolder(f.path)
}
