package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// addKeys adds the files of a ring. A server may make and remove keys
// meanwhile: they are read until their names stay the same.
func addKeys(a *archiveWriter, dir string) error {
	const tries = 20
	for range tries {
		names, contents, err := readKeyFiles(dir)
		if err != nil {
			return err
		}
		after, err := keyNames(dir)
		if err != nil {
			return err
		}
		if !slices.Equal(names, after) || len(contents) != len(names) {
			continue
		}
		for i, name := range names {
			if err := a.addBytes(keysFolder+"/"+name, contents[i]); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("%s does not come to rest: run this again", dir)
}

// keyNames are the files of a ring in the order of their names.
func keyNames(dir string) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if keyName(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// readKeyFiles reads the files of a ring; one that goes meanwhile is left out.
func readKeyFiles(dir string) (names []string, contents [][]byte, err error) {
	if names, err = keyNames(dir); err != nil {
		return nil, nil, err
	}
	for _, name := range names {
		path := filepath.Join(dir, name)
		info, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil && (!info.Mode().IsRegular() || info.Size() > longestKey) {
			err = fmt.Errorf("%s is no key file: move it away", path)
		}
		if err != nil {
			return nil, nil, err
		}
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		contents = append(contents, b)
	}
	return names, contents, nil
}
