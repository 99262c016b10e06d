package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"kunci/server/auth"
	"kunci/server/ctl"
)

// backupFile is an archive on its way to its name, which it gets when it is
// whole, verified and on the disk. Whoever is cut off leaves what the next
// backup to that name takes away.
type backupFile struct {
	path     string
	partial  string // what it is called until then
	unpacked string // where it is unpacked to be verified
	replace  bool   // a file of that name may stand
	report   func(n int)
	file     *os.File  // nil: not begun, or given its name
	manifest *manifest // nil: not verified
}

// newBackupFile refuses a name that is taken.
func newBackupFile(path string, replace bool) (*backupFile, error) {
	dir, name := filepath.Split(path)
	b := &backupFile{
		path: path, partial: path + ".partial", unpacked: filepath.Join(dir, "."+name+".kunci-unpacked"),
		replace: replace, report: func(int) {},
	}
	return b, b.vacant()
}

func (b *backupFile) vacant() error {
	info, err := os.Lstat(b.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is no plain file: name another", b.path)
	case !b.replace:
		return fmt.Errorf("%s exists: name another file, or say --force to replace it", b.path)
	}
	return nil
}

// begin makes the file, in the place of what a backup that was cut off left.
// Its lock keeps a second backup from writing to it.
func (b *backupFile) begin() error {
	old, err := os.OpenFile(b.partial, os.O_RDWR|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	default:
		defer func() { _ = old.Close() }() // and its lock with it
		info, err := old.Stat()
		if err != nil || !info.Mode().IsRegular() {
			return fmt.Errorf("%s is no plain file, and not kunci's: move it away", b.partial)
		}
		if syscall.Flock(int(old.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil || !same(b.partial, old) {
			return b.taken()
		}
		if err := os.Remove(b.partial); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(b.partial, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return b.taken()
	}
	if err != nil {
		return err
	}
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		_ = f.Close()
		return b.taken()
	}
	b.file = f
	return os.RemoveAll(b.unpacked)
}

func (b *backupFile) taken() error {
	return fmt.Errorf("another backup writes %s: let it end, or name another file", b.partial)
}

// write writes the archive: a snapshot of the data, then the keys, so that
// none that signed for a session in the snapshot is missing. keys "" leaves
// them out.
func (b *backupFile) write(ctx context.Context, c *ctl.Client, keys string, now time.Time) error {
	a := &archiveWriter{file: b.file, made: now.UTC().Truncate(time.Second)}
	var of auth.Snapshot
	err := a.add(dataFile, func(w io.Writer) (err error) {
		of, err = c.Backup(ctx, &reporting{w, b.report})
		return err
	})
	if err != nil {
		return err
	}
	if keys != "" {
		if err := addKeys(a, keys); err != nil {
			return err
		}
	}
	return a.finish(manifest{Instance: of.Instance, Schema: of.Schema, Version: build().Version})
}

// reporting tells of what it passes on.
type reporting struct {
	to     io.Writer
	report func(n int)
}

// Write implements io.Writer.
func (r *reporting) Write(b []byte) (int, error) {
	n, err := r.to.Write(b)
	r.report(n)
	return n, err
}

// verify unpacks the archive beside it, as a restore would, and looks whether
// all that must hold in the data does.
func (b *backupFile) verify(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, os.RemoveAll(b.unpacked)) }()
	if err := os.Mkdir(b.unpacked, 0o700); err != nil {
		return err
	}
	a, err := openArchive(b.partial)
	if err != nil {
		return err
	}
	defer a.close()
	if err := a.unpack(ctx, b.unpacked, b.report); err != nil {
		return err
	}
	s, err := judgeUnpacked(ctx, b.unpacked, a.manifest)
	if err != nil {
		return err
	}
	b.manifest = a.manifest
	return s.Close()
}

// commit gives the archive its name, for good.
func (b *backupFile) commit() error {
	if !same(b.partial, b.file) {
		return fmt.Errorf("%s was replaced while it was written: run this again", b.partial)
	}
	if err := b.vacant(); err != nil { // it may have come meanwhile
		return err
	}
	if err := os.Rename(b.partial, b.path); err != nil {
		return err
	}
	err := b.file.Close()
	b.file = nil
	return errors.Join(err, syncFolder(filepath.Dir(b.path)))
}

// discard takes away what did not become a backup.
func (b *backupFile) discard() {
	if b.file == nil {
		return
	}
	if same(b.partial, b.file) {
		_ = os.Remove(b.partial) // what is left, the next backup takes away
	}
	_ = b.file.Close()
	b.file = nil
}
