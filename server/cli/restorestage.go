package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// stage is a folder aside, in which data is unpacked and judged before it is
// where a server looks for it. A data folder that is missing is the stage under
// another name. One that stands, and may be a disk of its own, has the stage in
// it: keys and data file move up from there, the data file last. Cut off
// before, no server starts with what is there.
type stage struct {
	path   string
	to     string // the data folder
	within bool   // it stands, and path is in it
	done   bool
	held   *lock // of the data folder, under either name
}

// newStage refuses a data folder that is not empty.
func newStage(dir string) (*stage, error) {
	to, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(to)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if isThere(to) {
			return nil, fmt.Errorf("%s is a link that leads nowhere: name another folder with --data", dir)
		}
		above := filepath.Dir(to)
		for !isThere(above) {
			above = filepath.Dir(above)
		}
		return &stage{to: to, path: filepath.Join(above, stageName(to))}, nil
	case err != nil:
		return nil, fmt.Errorf("can't reach the data folder %s: %w: name another with --data", dir, plain(err))
	case !info.IsDir():
		return nil, fmt.Errorf("%s is no folder: name another with --data", dir)
	}
	s := &stage{to: to, path: filepath.Join(to, stageName(to)), within: true}
	var open reachables
	if err := errors.Join(open.look(to, info), open.err()); err != nil {
		return nil, err
	}
	return s, s.vacant()
}

func stageName(to string) string { return "." + filepath.Base(to) + ".kunci-restore" }

func isThere(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// vacant refuses a data folder that a server runs on, or that holds more than
// a restore that was cut off has left.
func (s *stage) vacant() error {
	entries, err := os.ReadDir(s.to)
	if err != nil {
		return fmt.Errorf("can't read the data folder %s: %w: name another with --data", s.to, plain(err))
	}
	other := ""
	for _, e := range entries {
		switch e.Name() {
		case stageName(s.to):
		case lockFile:
			if s.held == nil && held(filepath.Join(s.to, lockFile)) {
				return &inUseError{s.to, "serve", holder(filepath.Join(s.to, lockFile))}
			}
		default:
			other = e.Name()
		}
	}
	if other != "" {
		return fmt.Errorf("%s is not empty, it holds %q: restore into a new folder, or move what is there away", s.to, other)
	}
	return nil
}

// held says whether another process holds a lock file that is there.
func held(path string) bool {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	return errors.Is(syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}

// begin makes the stage, and locks the data folder under the name that it has.
func (s *stage) begin() (err error) {
	locked := s.to
	if !s.within {
		locked = s.path
		if err := s.make(); err != nil {
			return err
		}
	}
	if s.held, err = take(locked, "restore"); err != nil {
		return err
	}
	if s.within {
		if err = s.vacant(); err == nil { // now that nobody else begins
			err = os.RemoveAll(s.path)
		}
		if err == nil {
			err = s.make()
		}
	} else {
		err = s.clear()
	}
	if err != nil {
		return errors.Join(err, s.end())
	}
	return nil
}

func (s *stage) make() error {
	err := os.Mkdir(s.path, 0o700)
	if err == nil {
		return nil
	}
	if info, missing := os.Lstat(s.path); missing == nil && info.IsDir() {
		var open reachables // a restore that was cut off has left it, or another one has it
		return cmp.Or(open.look(s.path, info), open.err())
	}
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return fmt.Errorf("can't make %s as user %d: %w: make the data folder itself, for this user, or name another with --data", s.path, os.Geteuid(), plain(err))
	}
	return err
}

// clear removes what a restore that was cut off has left.
func (s *stage) clear() error {
	entries, err := os.ReadDir(s.path)
	for _, e := range entries {
		if e.Name() != lockFile {
			err = errors.Join(err, os.RemoveAll(filepath.Join(s.path, e.Name())))
		}
	}
	return err
}

// commit puts what was unpacked where a server looks for it, for good.
func (s *stage) commit() error {
	if !s.within {
		if err := makeFolder(filepath.Dir(s.to)); err != nil {
			return err
		}
		if err := os.Rename(s.path, s.to); err != nil {
			return err
		}
		s.done, s.held.path = true, filepath.Join(s.to, lockFile)
		return syncFolder(filepath.Dir(s.to))
	}
	for _, name := range []string{keysFolder, dataFile} {
		if err := os.Rename(filepath.Join(s.path, name), filepath.Join(s.to, name)); err != nil {
			return err
		}
		if err := syncFolder(s.to); err != nil {
			return err
		}
	}
	s.done = true
	return errors.Join(os.Remove(s.path), syncFolder(s.to))
}

// end lets go of the data folder, and removes what did not become one.
func (s *stage) end() error {
	switch {
	case s.held == nil:
		return nil
	case s.done:
		return s.held.release()
	case s.within:
		return errors.Join(os.RemoveAll(s.path), s.held.release())
	}
	return errors.Join(s.held.release(), os.RemoveAll(s.path))
}
