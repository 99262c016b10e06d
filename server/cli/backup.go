package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	urfave "github.com/urfave/cli/v3"

	"kunci/server/ctl"
)

func (p *program) backupCommand() *urfave.Command {
	return &urfave.Command{
		Name: "backup", Usage: "copy the data and the keys to one file, while the server runs", ArgsUsage: "FILE",
		Description: "All that was acknowledged before it began is in FILE, a tar file of mode 0600. It is verified as a\n" +
			"restore would before it gets its name, for which it is unpacked beside it: there must be room for the data\n" +
			"twice. Mails that went to files are not in it.\n" +
			"FILE holds the signing keys: whoever has it can sign in as anybody, so keep it like them. With\n" +
			"--without-keys it holds none, and a restore ends all sessions and mailed links.",
		Flags: []urfave.Flag{
			&urfave.BoolFlag{Name: "without-keys", Usage: "leave the signing keys out", HideDefault: true},
			&urfave.BoolFlag{Name: "force", Usage: "replace FILE where it exists", HideDefault: true},
		},
		Action: p.backup,
	}
}

func (p *program) backup(ctx context.Context, cmd *urfave.Command) error {
	args, err := arguments(cmd, "FILE")
	if err != nil {
		return err
	}
	if args[0] == "-" {
		return usage(cmd, "a backup goes to a file, where it is verified: name one (./- for one of that name)")
	}
	dir, now := p.reader(cmd).folder(), time.Now()
	b, err := newBackupFile(filepath.Clean(args[0]), cmd.Bool("force"))
	if err != nil {
		return err
	}
	defer b.discard()
	bar := p.newBar("backup", 2*sizeOf(filepath.Join(dir, dataFile)))
	defer bar.end()
	b.report = bar.add
	// The folder, or the server, is needed for the snapshot alone.
	err = p.reach(ctx, cmd, true, func(c *ctl.Client) error {
		keys := filepath.Join(dir, keysFolder)
		if cmd.Bool("without-keys") {
			keys = ""
		}
		if err := b.begin(); err != nil {
			return b.failed(err)
		}
		return b.failed(b.write(ctx, c, keys, now))
	})
	if err != nil {
		return err
	}
	if err := b.verify(ctx); err != nil {
		return b.unsound(err)
	}
	if err := b.commit(); err != nil {
		return b.failed(err)
	}
	bar.end()
	done := b.manifest.reported(archiveReport{File: b.path, Size: sizeOf(b.path)})
	return tell(cmd, done, "%s: %d bytes, verified", b.path, done.Size)
}

// failed says what to do where the archive can't be written.
func (b *backupFile) failed(err error) error {
	if known := b.unwritable(err); known != nil {
		return known
	}
	return err
}

// unsound says what to do where the copy is not what a restore would take.
func (b *backupFile) unsound(err error) error {
	if known := b.unwritable(err); known != nil || errors.Is(err, context.Canceled) {
		return cmp.Or(known, err)
	}
	return fmt.Errorf("the copy was not kept, since a restore would not take it: %w: see kunci check", err)
}

// unwritable is an error of the disk with a way out, nil where it is another.
func (b *backupFile) unwritable(err error) error {
	var at *fs.PathError
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("there is no room for %s, which needs that of the data twice until it is verified: make some, or name a file on another disk", b.path)
	case errors.As(err, &at) && (errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.EROFS)):
		return fmt.Errorf("can't use %s: %w: name a file in a folder that this user can write to", at.Path, at.Err)
	}
	return nil
}

// sizeOf is a file's size in bytes, 0 where it can't be told.
func sizeOf(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}
