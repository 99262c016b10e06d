package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	urfave "github.com/urfave/cli/v3"

	"kunci/db"
	"kunci/server/ctl"
)

// rehearsal is the folder in the data folder in which an upgrade is tried.
const rehearsal = ".rehearsal"

// trial is what came of an upgrade of a copy.
type trial struct {
	From    int      `json:"schema"`
	To      int      `json:"to"`
	OK      bool     `json:"ok"`
	Faults  []string `json:"faults"`
	Seconds float64  `json:"seconds"`      // that the upgrade took
	Before  int64    `json:"bytes"`        // of the data file
	After   int64    `json:"bytes_after"`  // of the upgraded one
	Room    int64    `json:"bytes_needed"` // beside the data file, for the copy that is kept and for what it grows
}

// tryUpgrade upgrades a data file that is a copy, and checks what it has become.
func tryUpgrade(ctx context.Context, path string) (t *trial, err error) {
	s, err := openStore(path)
	if err != nil {
		return nil, err
	}
	t = &trial{From: s.Info().Schema, To: db.Schema, Before: sizeOf(path), Faults: []string{}}
	begin := time.Now()
	err = s.Migrate(ctx)
	t.Seconds = time.Since(begin).Seconds()
	if err == nil {
		var faults []string
		faults, err = s.Check()
		t.Faults = append(t.Faults, faults...)
	}
	if err := errors.Join(err, s.Close(), ctx.Err()); err != nil {
		return nil, err
	}
	t.OK, t.After = len(t.Faults) == 0, sizeOf(path)
	if t.From < t.To {
		t.Room = max(t.Before, t.After)
	}
	return t, nil
}

// rehearse tries the upgrade that serve would make, on a copy, while a server
// may run.
func (p *program) rehearse(ctx context.Context, cmd *urfave.Command) (err error) {
	if _, err := arguments(cmd); err != nil {
		return err
	}
	dir, err := p.reader(cmd).dataFolder()
	if err != nil {
		return err
	}
	stage := filepath.Join(dir, rehearsal)
	if err := os.Mkdir(stage, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return cantWrite(dir, err)
	}
	held, err := take(stage, commandName(cmd)) // from another rehearsal
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, held.release(), os.RemoveAll(stage)) }()
	file := filepath.Join(stage, dataFile)
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err // what one that was cut off has left
	}
	err = p.reach(ctx, cmd, true, func(c *ctl.Client) error { return copyData(ctx, c, file) })
	var t *trial
	if err == nil {
		t, err = tryUpgrade(ctx, file)
	}
	if err != nil {
		return noRoomFor(err, "a copy of the data in "+stage)
	}
	return t.told(cmd, dir)
}

// copyData writes a snapshot of the data to a new file.
func copyData(ctx context.Context, c *ctl.Client, path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = c.Backup(ctx, f)
	return errors.Join(err, f.Close())
}

func (t *trial) told(cmd *urfave.Command, dir string) error {
	if !t.OK {
		if err := tellFaults(cmd, t, t.Faults); err != nil {
			return err
		}
		return fmt.Errorf("the upgrade would leave %d faults: stay with the kunci that wrote the data, and see whether its check finds them too", len(t.Faults))
	}
	if t.From == t.To {
		return tell(cmd, t, "ok: the data has schema %d already, there is nothing to upgrade", t.To)
	}
	return tell(cmd, t, "ok: from schema %d to %d in %.1f s; kunci serve needs %d bytes of room in %s for it", t.From, t.To, t.Seconds, t.Room, dir)
}

// dropRehearsal removes what a rehearsal that was cut off has left: it holds
// accounts that may have been deleted since.
func dropRehearsal(f *folder) error {
	stage := filepath.Join(f.path, rehearsal)
	if !f.has[rehearsal] || held(filepath.Join(stage, lockFile)) {
		return nil
	}
	return errors.Join(os.RemoveAll(stage), syncFolder(f.path))
}
