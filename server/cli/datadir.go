package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// What a data folder holds. The marker stands from before the
// first file is made until after the last one is, so that what a crashed
// first start leaves is told apart from a data file that was lost.
const (
	dataFile   = "kunci.db"
	keysFolder = "keys"
	outbox     = "outbox"
	certs      = "certs" // that were issued for --domain, with their keys
	lockFile   = "lock"
	marker     = ".first-start"
	unfinished = ".first-start.db"
	unnamed    = ".new-" // begins what the data file is called while it is written
)

// folder is a data folder as it was found.
type folder struct {
	path    string
	missing bool
	has     map[string]bool
}

// holdsData says whether somebody's accounts are, or should be, in it. What a
// crashed first start leaves was never anybody's.
func (f *folder) holdsData() bool {
	return f.has[dataFile] || f.has[keysFolder] && !f.has[marker]
}

// look reads what a data folder holds without touching it. It refuses one
// that is somebody else's, one that others can reach, and links in it.
func look(path string) (*folder, error) {
	f := &folder{path: path, has: map[string]bool{}}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.missing = true
		return f, nil
	case err != nil:
		return nil, fmt.Errorf("can't reach the data folder %s: %w: name another with --data", path, plain(err))
	case !info.IsDir():
		return nil, fmt.Errorf("%s is no folder: name another with --data", path)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, fmt.Errorf("can't read the data folder %s as user %d: %w: run the command as its owner, or name another with --data", path, os.Geteuid(), plain(err))
	}
	for _, e := range entries {
		f.has[e.Name()] = true
	}
	if !f.holdsData() && !f.has[marker] {
		for _, e := range entries {
			if e.Name() != lockFile {
				return nil, fmt.Errorf("%s holds neither %s nor %s, but %q: it is not kunci's; name another folder with --data", path, dataFile, keysFolder, e.Name())
			}
		}
	}
	return f, f.private(info)
}

// private refuses what group or others can reach, and what is not the file or
// folder itself.
func (f *folder) private(folder fs.FileInfo) error {
	var open reachables
	if err := open.look(f.path, folder); err != nil {
		return err
	}
	names := []string{dataFile, lockFile, marker, keysFolder, outbox, certs}
	for _, name := range slices.Sorted(maps.Keys(f.has)) {
		if strings.HasPrefix(name, keptFile) {
			names = append(names, name)
		}
	}
	for _, name := range names {
		if !f.has[name] {
			continue
		}
		path := filepath.Join(f.path, name)
		info, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) && name == lockFile {
			continue // its owner has just ended
		}
		if err != nil {
			return err
		}
		isFolder := name == keysFolder || name == outbox || name == certs
		if info.IsDir() != isFolder || !isFolder && !info.Mode().IsRegular() {
			return fmt.Errorf("%s is a link, or not what kunci made: put the file or folder itself there", path)
		}
		if err := open.look(path, info); err != nil {
			return err
		}
	}
	for _, name := range []string{keysFolder, certs} {
		if !f.has[name] {
			continue
		}
		if err := open.lookInside(filepath.Join(f.path, name)); err != nil {
			return err
		}
	}
	return open.err()
}

// syncFolder makes the names in a folder durable.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
