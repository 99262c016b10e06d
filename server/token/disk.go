package token

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	// tempPrefix begins the names of files that are being written. They do not
	// end in .json, so what a crash leaves is no key.
	tempPrefix = ".new-"

	// maxFile is more bytes than any of our files has.
	maxFile = 4096
)

// checkDir refuses a key folder that is a link or that others can reach. The
// error for a missing one wraps fs.ErrNotExist.
func checkDir(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("token: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("token: %s is not a folder, or a symbolic link to one: put the folder itself there", dir)
	}
	return checkMode(dir, info, "700")
}

// checkMode refuses what group or others can reach.
func checkMode(path string, info fs.FileInfo, want string) error {
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("token: others can reach %s (mode %04o): run chmod %s %s", path, info.Mode().Perm(), want, path)
	}
	return nil
}

// readSecret reads a file that nobody else may read.
func readSecret(path string) (_ []byte, err error) {
	seen, err := os.Lstat(path)
	if err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	// Before opening: opening a pipe would wait for a writer.
	if !seen.Mode().IsRegular() {
		return nil, fmt.Errorf("token: %s is a symbolic link or no plain file: put the file itself there", path)
	}
	if err := checkMode(path, seen, "600"); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	opened, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	if !os.SameFile(seen, opened) {
		return nil, fmt.Errorf("token: %s was replaced while it was read: try again", path)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	if len(b) > maxFile {
		return nil, fmt.Errorf("token: %s is too large for a key file: move it away", path)
	}
	return b, nil
}

// writeSecret makes a file, mode 0600, that is on disk under its name with all
// of its content or not at all. It never replaces one that is there.
func writeSecret(path string, data []byte) error {
	dir := filepath.Dir(path)
	temp, err := writeTemp(dir, data)
	if err != nil {
		return fmt.Errorf("token: write %s: %w", path, err)
	}
	// A link and not a rename, which would replace another file in silence.
	if err := os.Link(temp, path); err != nil {
		return fmt.Errorf("token: write %s: %w", path, errors.Join(err, os.Remove(temp)))
	}
	if err := errors.Join(os.Remove(temp), syncDir(dir)); err != nil {
		// Nobody will use the key, so it must not turn up at the next start.
		return fmt.Errorf("token: write %s: %w", path, errors.Join(err, os.Remove(path)))
	}
	return nil
}

// writeTemp writes and syncs a file under a temporary name.
func writeTemp(dir string, data []byte) (name string, err error) {
	f, err := os.CreateTemp(dir, tempPrefix) // mode 0600
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// removeLeftovers deletes what a crash left half written: it may be the secret
// of a key whose own file is long gone.
func removeLeftovers(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("token: %w", err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), tempPrefix) {
			continue
		}
		if err := removeSynced(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// removeSynced deletes a file for good; one that is gone already is fine.
func removeSynced(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("token: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes the names in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("token: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("token: sync %s: %w", dir, err)
	}
	return nil
}
