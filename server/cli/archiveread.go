package cli

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// archive is one that is open for reading; its form is known to be right, its
// content not before unpack.
type archive struct {
	file     *os.File
	manifest *manifest
	entries  []entry
}

// entry is where the content of one file lies.
type entry struct {
	name     string
	at, size int64
}

// openArchive reads where everything is in an archive and what its manifest
// says, and refuses what kunci backup would not have written.
func openArchive(path string) (_ *archive, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
		}
	}()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is no plain file")
	}
	if err := seemsBackup(f); err != nil {
		return nil, err
	}
	entries, err := scanEntries(f, info.Size())
	if err != nil {
		return nil, err
	}
	a := &archive{file: f, entries: entries}
	if err := a.readManifest(); err != nil {
		return nil, err
	}
	return a, nil
}

func (a *archive) close() { _ = a.file.Close() } // it was only read

// errNoBackup says of a file that it is something else altogether.
var errNoBackup = errors.New("it is no kunci backup")

// seemsBackup looks at how a file begins: as a tar file, or as one whose first
// file is the data file, however short it was cut.
func seemsBackup(r io.ReaderAt) error {
	block := make([]byte, tarBlock)
	n, err := r.ReadAt(block, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	named := min(n, len(dataFile))
	if string(block[:named]) == dataFile[:named] || bytes.HasPrefix(block[257:], []byte("ustar")) || isZero(block) {
		return nil
	}
	return errNoBackup
}

var errShort = damagedArchive("it is cut short")

// scanEntries finds the entries of a tar file of so many bytes by their
// headers, and sees that nothing else is in it.
func scanEntries(r io.ReaderAt, size int64) (entries []entry, err error) {
	block := make([]byte, tarBlock)
	for at := int64(0); ; {
		if size-at < tarEnd {
			return nil, errShort
		}
		if _, err := r.ReadAt(block, at); err != nil {
			return nil, err
		}
		if isZero(block) {
			if _, err := r.ReadAt(block, at+tarBlock); err != nil {
				return nil, err
			}
			if !isZero(block) || size != at+tarEnd {
				return nil, damagedArchive("something stands after its end")
			}
			return entries, nil
		}
		e, err := parseHeader(block)
		if err != nil {
			return nil, err
		}
		if e.at = at + tarBlock; e.size > size-e.at-tarEnd {
			return nil, errShort
		}
		if at = e.at + padded(e.size); len(entries) == mostEntries+2 {
			return nil, damagedArchive("it holds too much")
		}
		pad := block[:padded(e.size)-e.size]
		if _, err := r.ReadAt(pad, e.at+e.size); err != nil {
			return nil, err
		}
		if !isZero(pad) {
			return nil, damagedArchive("something stands behind %s", e.name)
		}
		entries = append(entries, e)
	}
}

func isZero(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }

// parseHeader reads a header that tarHeader wrote. Any other, such as one of a
// link, a folder or a file with holes, differs from what it would write.
func parseHeader(block []byte) (entry, error) {
	h, err := tar.NewReader(bytes.NewReader(block)).Next()
	if err != nil || h.Size < 0 {
		return entry{}, damagedArchive("a header can't be read")
	}
	same, err := tarHeader(h.Name, h.Size, h.ModTime)
	if err != nil || !bytes.Equal(same, block) {
		return entry{}, damagedArchive("the header of %q is of another kind", h.Name)
	}
	return entry{name: h.Name, size: h.Size}, nil
}

// readManifest holds the entries to the manifest: the same names and sizes, in
// the order in which they are written, which leaves no room for another one.
func (a *archive) readManifest() error {
	n := len(a.entries) - 1
	if n < 1 || a.entries[0].name != dataFile || a.entries[n].name != manifestFile || a.entries[n].size > longestManifest {
		return damagedArchive("it does not hold %s and at its end %s", dataFile, manifestFile)
	}
	last := a.entries[n]
	raw := make([]byte, last.size)
	if _, err := a.file.ReadAt(raw, last.at); err != nil {
		return err
	}
	m, err := parseManifest(raw)
	if err != nil {
		return err
	}
	if len(m.Files) != n {
		return damagedArchive("it holds %d files, its manifest tells of %d", n, len(m.Files))
	}
	for i, f := range m.Files {
		if e := a.entries[i]; e.name != f.Name || e.size != f.Size {
			return damagedArchive("%q is not as its manifest tells", e.name)
		}
		if i == 0 {
			continue
		}
		key, ok := strings.CutPrefix(f.Name, keysFolder+"/")
		if !ok || key == "" || !keyName(key) || f.Size > longestKey || i > 1 && m.Files[i-1].Name >= f.Name {
			return damagedArchive("%q does not belong in it", f.Name)
		}
	}
	a.manifest = m
	return nil
}

// unpack writes the data file and the keys into a folder that has neither,
// synced, and compares each with its digest.
func (a *archive) unpack(ctx context.Context, dir string, report func(n int)) error {
	if a.manifest.hasKeys() {
		if err := os.Mkdir(filepath.Join(dir, keysFolder), 0o700); err != nil {
			return err
		}
	}
	for i, f := range a.manifest.Files {
		if err := a.unpackFile(ctx, a.entries[i], f.SHA256, filepath.Join(dir, filepath.FromSlash(f.Name)), report); err != nil {
			return err
		}
	}
	if a.manifest.hasKeys() {
		if err := syncFolder(filepath.Join(dir, keysFolder)); err != nil {
			return err
		}
	}
	return syncFolder(dir)
}

func (a *archive) unpackFile(ctx context.Context, e entry, want, path string, report func(n int)) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := &entryWriter{to: f, sum: sha256.New()}
	if err := copyWhile(ctx, w, io.NewSectionReader(a.file, e.at, e.size), report); err != nil {
		return err
	}
	if w.size != e.size || hex.EncodeToString(w.sum.Sum(nil)) != want {
		return damagedArchive("%s is not what was backed up", e.name)
	}
	return f.Sync()
}

// copyWhile copies until the end, or until ctx ends.
func copyWhile(ctx context.Context, w io.Writer, r io.Reader, report func(n int)) error {
	for buf := make([]byte, 1<<20); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := r.Read(buf)
		if n > 0 {
			if _, err := w.Write(buf[:n]); err != nil {
				return err
			}
			report(n)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// what says which data an archive is of, for people.
func (m *manifest) what() string {
	return fmt.Sprintf("instance %s as of %s, backed up by kunci %s", m.Instance, m.Time.UTC().Format(time.RFC3339), m.Version)
}
