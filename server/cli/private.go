package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// reachables are the folders and files of ours that others can reach: all of
// them, so that one line mends what a copy under the usual umask leaves.
type reachables struct {
	first          string // with its mode
	folders, files []string
}

// look takes down what others can reach, and refuses what belongs to somebody
// else: files that root, say, would make there their owner could not read.
func (r *reachables) look(path string, info fs.FileInfo) error {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && int(stat.Uid) != os.Geteuid() {
		return fmt.Errorf("%s belongs to user %d, and this is user %d: run the command as its owner", path, stat.Uid, os.Geteuid())
	}
	mode := info.Mode().Perm()
	if mode&0o077 == 0 {
		return nil
	}
	if r.first == "" {
		r.first = fmt.Sprintf("%s (mode %04o)", path, mode)
	}
	if info.IsDir() {
		r.folders = append(r.folders, quoted(path))
	} else {
		r.files = append(r.files, quoted(path))
	}
	return nil
}

// lookInside looks at the plain files of a folder. What else is in it is for
// whoever reads it to judge.
func (r *reachables) lookInside(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue // the server that runs has just renamed it
		case err != nil:
			return err
		case !info.Mode().IsRegular():
			continue
		}
		if err := r.look(filepath.Join(dir, e.Name()), info); err != nil {
			return err
		}
	}
	return nil
}

// err is nil where nobody else can reach anything.
func (r *reachables) err() error {
	var ways []string
	if len(r.folders) > 0 {
		ways = append(ways, "chmod 700 "+strings.Join(r.folders, " "))
	}
	if len(r.files) > 0 {
		ways = append(ways, "chmod 600 "+strings.Join(r.files, " "))
	}
	what := r.first
	switch more := len(r.folders) + len(r.files) - 1; {
	case more < 0:
		return nil
	case more > 0:
		what += fmt.Sprintf(" and %d more", more)
	}
	return fmt.Errorf("others can reach %s: run %s", what, strings.Join(ways, " && "))
}

// cantWrite is an error of making a file in a data folder, with a way out
// where the system forbids it.
func cantWrite(dir string, err error) error {
	if !errors.Is(err, fs.ErrPermission) && !errors.Is(err, syscall.EROFS) {
		return err
	}
	return fmt.Errorf("can't write in %s as user %d: %w: make it writable for this user, or name another folder with --data", dir, os.Geteuid(), plain(err))
}

// plain is the system's own word on a path that the message names already.
func plain(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// quoted is a path as a shell takes it.
func quoted(path string) string {
	if strings.ContainsFunc(path, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-", r)
	}) {
		return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	}
	return path
}
