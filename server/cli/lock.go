package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// lock keeps every other kunci out of a data folder. The file names who holds
// it; what holds is the lock of the system on it, which ends with the process.
type lock struct {
	file   *os.File
	path   string
	made   bool
	before []byte // what a crash left in the file
}

// errReplaced says that the file was taken away between opening and locking:
// its owner has just ended.
var errReplaced = errors.New("cli: the lock file was replaced")

// take locks a folder that exists, for a command. It does not wait: a held
// one is refused with the process that holds it.
func take(dir, command string) (*lock, error) {
	path := filepath.Join(dir, lockFile)
	for {
		l, err := try(path)
		switch {
		case errors.Is(err, errReplaced):
			continue
		case errors.Is(err, syscall.EWOULDBLOCK):
			return nil, &inUseError{dir, command, holder(path)}
		case err != nil:
			return nil, cantWrite(dir, err)
		}
		if err := l.write([]byte(strconv.Itoa(os.Getpid()) + "\nkunci " + command + "\n")); err != nil {
			return nil, errors.Join(err, l.release())
		}
		return l, nil
	}
}

// inUseError says who holds a folder, and what to do about it.
type inUseError struct{ dir, command, holder string }

func (e *inUseError) Error() string {
	way := "let it end, and run this again"
	switch {
	case e.command == "serve":
		way = "stop it first, or name another folder with --data"
	case e.byServer():
		way = "stop it, run this again, start it again"
	}
	return fmt.Sprintf("%s is in use by %s: %s", e.dir, e.holder, way)
}

// byServer says whether a server holds the folder, which can do what a command
// asks for.
func (e *inUseError) byServer() bool { return strings.HasSuffix(e.holder, "(kunci serve)") }

// unnamed says whether the holder has not written yet what it is.
func (e *inUseError) unnamed() bool { return e.holder == anotherProcess }

func try(path string) (_ *lock, err error) {
	const flags = os.O_RDWR | syscall.O_NOFOLLOW
	l := &lock{path: path, made: true}
	l.file, err = os.OpenFile(path, flags|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		l.made = false
		l.file, err = os.OpenFile(path, flags, 0)
	}
	if !l.made && errors.Is(err, fs.ErrNotExist) {
		return nil, errReplaced
	}
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = l.file.Close()
		}
	}()
	if err := syscall.Flock(int(l.file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, err
	}
	if !l.stands() {
		return nil, errReplaced
	}
	l.before, err = io.ReadAll(io.LimitReader(l.file, 1<<10))
	return l, err
}

// stands says whether the file that is open is the one at its path: a folder
// moved away under a running server has left another there, or none.
func (l *lock) stands() bool {
	return same(l.path, l.file)
}

// same says whether an open file is the one at a path.
func same(path string, f *os.File) bool {
	opened, err := f.Stat()
	if err != nil {
		return false
	}
	standing, err := os.Lstat(path)
	return err == nil && os.SameFile(opened, standing)
}

// anotherProcess is a holder that has not written its name yet.
const anotherProcess = "another process"

// holder names the process that a held lock file tells of.
func holder(path string) string {
	b, err := os.ReadFile(path)
	pid, command, _ := strings.Cut(strings.TrimSpace(string(b)), "\n")
	if _, bad := strconv.Atoi(pid); err != nil || bad != nil {
		return anotherProcess
	}
	if command != "" {
		pid += " (" + command + ")"
	}
	return "process " + pid
}

func (l *lock) write(text []byte) error {
	if err := l.file.Truncate(0); err != nil {
		return err
	}
	_, err := l.file.WriteAt(text, 0)
	return err
}

// release unlocks the folder and leaves the file as it was found, so that a
// command which was refused has changed nothing.
func (l *lock) release() error {
	var err error
	switch {
	case !l.made:
		err = l.write(l.before)
	case l.stands(): // while it is locked nobody else puts another there
		err = os.Remove(l.path)
	}
	return errors.Join(err, l.file.Close())
}
