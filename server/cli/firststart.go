package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"

	"kunci/db"
	"kunci/db/bolt"
	"kunci/server/token"
)

// makeFolder makes the data folder, and those above it, where they are
// missing. Each name is made durable: a power cut must not take the folder
// along with what was acknowledged in it.
func makeFolder(dir string) error {
	var above []string
	for at := filepath.Clean(dir); ; at = filepath.Dir(at) {
		if _, err := os.Stat(at); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		above = append(above, filepath.Dir(at))
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("can't make the data folder %s: %w: name another with --data", dir, plain(err))
	}
	for _, folder := range above {
		if err := syncFolder(folder); err != nil {
			return err
		}
	}
	return nil
}

// firstStart makes keys and a data file for a new instance in a locked folder
// that holds no data. fill puts the first records in; nil leaves it empty. The
// data file gets its name last and whole: cut off before that, the next start
// begins anew, cut off after it, the next start finds everything.
func firstStart(dir string, dev bool, fill func(*data) error) error {
	if err := begin(dir); err != nil {
		return err
	}
	now, instance := time.Now(), uuid.New()
	keys, file := filepath.Join(dir, keysFolder), filepath.Join(dir, unfinished)
	if _, err := token.Create(keys, instance.String(), now); err != nil {
		return err
	}
	err := bolt.Create(file, func(w db.Writer) error {
		return db.Init(w, db.Info{Instance: instance, Dev: dev, Created: db.At(now)})
	})
	if err != nil {
		return fmt.Errorf("the data file can't be made: %w: look after the disk, or name another folder with --data", err)
	}
	if fill != nil {
		if err := filled(dir, fill); err != nil {
			return err
		}
	}
	if err := os.Rename(file, filepath.Join(dir, dataFile)); err != nil {
		return err
	}
	if err := syncFolder(dir); err != nil {
		return err
	}
	return finish(dir)
}

// begin sets the marker and clears what a first start that was cut off left.
func begin(dir string) error {
	f, err := os.OpenFile(filepath.Join(dir, marker), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Close(), syncFolder(dir)); err != nil {
		return err
	}
	if err := os.RemoveAll(filepath.Join(dir, keysFolder)); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == unfinished || strings.HasPrefix(e.Name(), unnamed) {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

func filled(dir string, fill func(*data) error) error {
	d, err := openFiles(dir, unfinished)
	if err != nil {
		return err
	}
	return errors.Join(fill(d), d.closeFiles())
}

// finish takes the marker away, once the data file has its name: with it, a
// data file lost later would pass for a first start.
func finish(dir string) error {
	err := os.Remove(filepath.Join(dir, marker))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return errors.Join(err, syncFolder(dir))
}
