package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"kunci/server/auth"
	"kunci/server/ctl"
)

// Bounds of the settings of scheduled backups.
const (
	shortestBackupEvery = time.Second
	longestBackupEvery  = 400 * 24 * time.Hour
	mostBackups         = 10_000
)

const (
	backupStamp = "20060102T150405Z"

	// tryBackupAgain is how soon a backup that failed is tried again, at most.
	tryBackupAgain = 15 * time.Minute
)

var scheduledName = regexp.MustCompile(`^kunci-(\d{8}T\d{6}Z)\.tar$`)

// schedule is when a server backs up by itself, and where to.
type schedule struct {
	dir   string // "": nowhere
	every time.Duration
	keep  int
}

// schedule reads the settings of scheduled backups.
func (r *reader) schedule() (s schedule) {
	s.dir, s.keep = r.text("backup-dir"), r.number("backup-keep", 1, mostBackups)
	raw := r.text("backup-every")
	every, err := time.ParseDuration(raw)
	if err != nil || every != 0 && (every < shortestBackupEvery || every > longestBackupEvery) {
		r.fault("backup-every", "%q is neither 0 nor a duration from 1s to 9600h, such as 24h", raw)
	}
	s.every = every
	for _, name := range []string{"backup-every", "backup-keep"} {
		if s.dir == "" && (r.cmd.IsSet(name) || r.env[settingNamed(name).variable()] != "") {
			r.fault(name, "it is of no use without --backup-dir")
		}
	}
	if s.dir != "" {
		s.dir = filepath.Clean(s.dir)
	}
	return s
}

// backups makes scheduled backups until ctx ends. One that was missed while no
// server ran is made at once; one that fails is tried again before long.
func (c *serveConfig) backups(ctx context.Context, o auth.Operator, kept *backupRecord, log *slog.Logger) {
	if !c.backup.on() {
		return
	}
	kept.begin(c.backup)
	for wait := c.backup.first(time.Now()); ; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		begin := time.Now()
		path, err := c.backUp(ctx, o, begin)
		wait = c.backup.every - time.Since(begin)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			log.Error("the scheduled backup failed", "folder", c.backup.dir, "cause", words(ctx, err))
			wait = min(c.backup.every, tryBackupAgain)
			kept.failed()
		default:
			kept.made(begin)
			log.Info("backed up", "file", path, "bytes", sizeOf(path), "took", time.Since(begin))
		}
	}
}

// on says whether there are scheduled backups.
func (s schedule) on() bool { return s.dir != "" && s.every != 0 }

// first is how long to wait for the first backup.
func (s schedule) first(now time.Time) time.Duration {
	last := s.last()
	if last.IsZero() || last.After(now) { // a clock was wrong
		return 0
	}
	return last.Add(s.every).Sub(now)
}

// last is when the newest backup that stands was made, the zero time where there
// is none.
func (s schedule) last() time.Time {
	names, err := s.made()
	if err != nil || len(names) == 0 {
		return time.Time{}
	}
	last, err := time.Parse(backupStamp, scheduledName.FindStringSubmatch(names[len(names)-1])[1])
	if err != nil {
		return time.Time{}
	}
	return last
}

// made are the scheduled backups that stand, the oldest first. A folder that is
// missing has none.
func (s schedule) made() (names []string, err error) {
	entries, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries { // in the order of their names, which is that of time
		if scheduledName.MatchString(e.Name()) && e.Type().IsRegular() {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// backUp makes one scheduled backup, and removes the oldest of more than are
// to be kept.
func (c *serveConfig) backUp(ctx context.Context, o auth.Operator, now time.Time) (path string, err error) {
	if !isThere(c.backup.dir) {
		if err := makeFolder(c.backup.dir); err != nil {
			return "", fmt.Errorf("can't make %s: %w", c.backup.dir, plain(err))
		}
	}
	path = filepath.Join(c.backup.dir, "kunci-"+now.UTC().Format(backupStamp)+".tar")
	b, err := newBackupFile(path, false)
	if err != nil {
		return "", err
	}
	// One name for all of them, so that the next takes away what is left.
	b.partial = filepath.Join(c.backup.dir, "kunci.tar.partial")
	b.unpacked = filepath.Join(c.backup.dir, ".kunci.tar.kunci-unpacked")
	defer b.discard()
	client := ctl.Local(o, build().Version)
	defer client.Close()
	if err = b.begin(); err == nil {
		err = b.write(ctx, client, filepath.Join(c.data, keysFolder), now)
	}
	if err != nil {
		return "", b.failed(err)
	}
	if err := b.verify(ctx); err != nil {
		return "", b.unsound(err)
	}
	if err := b.commit(); err != nil {
		return "", b.failed(err)
	}
	return path, c.backup.prune()
}

// prune removes the oldest backups beyond those that are to be kept.
func (s schedule) prune() error {
	names, err := s.made()
	if err != nil {
		return err
	}
	for _, name := range names[:max(0, len(names)-s.keep)] {
		if err := os.Remove(filepath.Join(s.dir, name)); err != nil {
			return fmt.Errorf("the backup was made, but an old one can't be removed: %w", err)
		}
	}
	return syncFolder(s.dir)
}
