package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"kunci/db"
)

const (
	// keptFile begins the name of a data file as it was before an upgrade; its
	// schema follows.
	keptFile = dataFile + ".schema-"
	// keeping is what it is called until it is whole.
	keeping = ".kept.db"
)

// upgrade brings the open data file of a locked folder to this kunci's schema.
// As it was, it is kept beside it, whole and on the disk before the first
// change. The data file itself notes under which name: an upgrade that was cut
// off goes on with that copy, and does not take what it finds for the original.
func (d *data) upgrade(ctx context.Context, dir string, log *slog.Logger) error {
	before := d.store.Info()
	if before.Schema == db.Schema {
		return nil
	}
	name, err := d.store.Kept()
	if err == nil && name == "" {
		if name, err = d.keepCopy(dir); err == nil {
			err = d.store.Keep(ctx, name)
		}
	}
	file, begin := filepath.Join(dir, dataFile), time.Now()
	if err != nil {
		return fmt.Errorf("%s is not upgraded: %w", file, err)
	}
	copied := filepath.Join(dir, name)
	if isThere(copied) {
		log.Info("the data file is upgraded", "file", file, "schema", before.Schema, "to", db.Schema, "kept", copied,
			"way_back", fmt.Sprintf("stop the server, cp %s %s, start the kunci of before; what was written since is lost", quoted(copied), quoted(file)))
	} else {
		log.Warn("an upgrade that was cut off goes on, though its copy of the data file is gone: there is no way back but a backup", "file", file, "kept", copied)
	}
	if err := d.store.Migrate(ctx); err != nil {
		return fmt.Errorf("%s is half upgraded: %w: mend that and start again, which goes on; as it was, it is %s", file, err, copied)
	}
	log.Info("the upgrade is done: delete the copy when you won't go back, it holds what is deleted from now on", "kept", copied, "took", time.Since(begin))
	return nil
}

// keepCopy copies the data file, and says under which name the copy stands
// beside it. One that holds the same serves again; one that holds anything else
// is somebody's way back, from which that of today is told by a number.
func (d *data) keepCopy(dir string) (name string, err error) {
	of := d.store.Info()
	for n := 1; ; n++ {
		name = fmt.Sprintf("%s%d", keptFile, of.Schema)
		if n > 1 {
			name += fmt.Sprintf(".%d", n)
		}
		info, err := os.Lstat(filepath.Join(dir, name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return name, keep(dir, name, of)
		case err != nil:
			return "", err
		case !info.Mode().IsRegular():
			continue
		}
		same, err := d.engine.SameAs(filepath.Join(dir, name))
		if err != nil || same {
			return name, err
		}
	}
}

// keep copies the data file under a name that is free.
func keep(dir, name string, of db.Info) (err error) {
	aside, file := filepath.Join(dir, keeping), filepath.Join(dir, dataFile)
	if err := os.Remove(aside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err // what a start that was cut off has left
	}
	defer func() {
		if err != nil {
			_ = os.Remove(aside) // gone, where it has its name
		}
	}()
	if err := copyFile(file, aside); err != nil {
		return noRoomFor(err, fmt.Sprintf("a copy of it (%d bytes) in %s", sizeOf(file), dir))
	}
	switch info, err := infoOf(aside); {
	case err != nil:
		return fmt.Errorf("its copy can't be used: %w: look after the disk", err)
	case info != of:
		return errors.New("its copy is of another instance: look after the disk")
	}
	if err := os.Rename(aside, filepath.Join(dir, name)); err != nil {
		return err
	}
	return syncFolder(dir)
}

// copyFile copies a file to a new one, synced.
func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // it was only read
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

// noRoomFor says what to do where a disk is full. Every other error stays as
// it is.
func noRoomFor(err error, what string) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("there is no room for %s, and nothing was changed: make some, or move the folder to another disk", what)
	}
	return err
}

// infoOf opens a data file and says what it says of itself.
func infoOf(path string) (db.Info, error) {
	s, err := openStore(path)
	if err != nil {
		return db.Info{}, err
	}
	return s.Info(), s.Close()
}

// olderError says that a command needs data of this kunci's schema.
type olderError struct {
	file   string
	schema int
}

func (e *olderError) Error() string {
	return fmt.Sprintf("%s has schema %d, this kunci works on schema %d: start kunci serve once, which upgrades it (kunci check --upgrade tries that on a copy), or use the kunci that wrote it",
		e.file, e.schema, db.Schema)
}
