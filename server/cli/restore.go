package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"
	"time"

	urfave "github.com/urfave/cli/v3"

	"kunci/server/token"
)

func (p *program) restoreCommand() *urfave.Command {
	return &urfave.Command{
		Name: "restore", Usage: "make a data folder from a backup", ArgsUsage: "FILE",
		Description: "The data folder (--data) must be missing or empty; it gets its name when all of FILE is unpacked and\n" +
			"verified. Sessions that were ended, and passwords that were changed, after the backup was made are as they\n" +
			"were then. Where FILE was made with --without-keys, new keys are made: all sessions, mailed links and\n" +
			"delays of sign-ins end, the accounts and their passwords stand.",
		Action: p.restore,
	}
}

func (p *program) restore(ctx context.Context, cmd *urfave.Command) (err error) {
	args, err := arguments(cmd, "FILE")
	if err != nil {
		return err
	}
	r := p.reader(cmd)
	dir := r.folder()
	if r.err != nil {
		return r.err
	}
	s, err := newStage(dir)
	if err != nil {
		return err
	}
	a, err := openArchive(args[0])
	if err != nil {
		return ofArchive(args[0], err)
	}
	defer a.close()
	if err := s.begin(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.end()) }()
	bar := p.newBar("restore", a.manifest.Files[0].Size)
	defer bar.end()
	dev, err := s.fill(ctx, a, bar.add)
	if err != nil {
		return ofArchive(args[0], err)
	}
	if err := s.commit(); err != nil {
		return err
	}
	bar.end()
	return a.manifest.told(cmd, dir, dev)
}

// told says what was restored.
func (m *manifest) told(cmd *urfave.Command, dir string, dev bool) error {
	start := "kunci serve"
	if dev {
		start += " --dev"
	}
	done := m.reported(archiveReport{Folder: dir, Dev: &dev})
	if err := tell(cmd, done, "%s: %s; start it with %s --data %s", dir, m.what(), start, quoted(dir)); err != nil || m.hasKeys() || cmd.Bool("json") {
		return err
	}
	return say(cmd, "the backup has no keys, so new ones were made: all sessions, mailed links and delays of sign-ins have ended; accounts and passwords stand")
}

// ofArchive says what to do where an archive can't be restored.
func ofArchive(path string, err error) error {
	var at *fs.PathError
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("there is no room for what is in %s: make some, or name a folder on another disk with --data", path)
	case errors.Is(err, errNoBackup):
		return fmt.Errorf("%s can't be restored: %w: name a file that kunci backup wrote (lists of accounts go in by kunci import)", path, err)
	case errors.As(err, &at) && at.Path == path:
		return fmt.Errorf("can't read %s: %w: name a file that kunci backup wrote", path, at.Err)
	}
	return fmt.Errorf("%s can't be restored: %w: restore another backup", path, err)
}

// fill unpacks an archive into the folder aside and judges it. Where it has no
// keys, new ones are made, and what rests on the old ones goes.
func (s *stage) fill(ctx context.Context, a *archive, report func(int)) (dev bool, err error) {
	if err := a.unpack(ctx, s.path, report); err != nil {
		return false, err
	}
	store, err := judgeUnpacked(ctx, s.path, a.manifest)
	if err != nil {
		return false, err
	}
	if !a.manifest.hasKeys() {
		if err = store.ClearKeyed(ctx); err == nil {
			_, err = token.Create(filepath.Join(s.path, keysFolder), a.manifest.Instance, time.Now())
		}
	}
	return store.Info().Dev, errors.Join(err, store.Close(), syncFolder(s.path))
}
