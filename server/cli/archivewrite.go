package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"time"
)

// archiveWriter writes an archive to a file from its begin on.
type archiveWriter struct {
	file *os.File
	made time.Time
	at   int64 // where the next entry begins
	has  []archived
}

// add writes one entry, whose size is known when fill has written it.
func (a *archiveWriter) add(name string, fill func(io.Writer) error) error {
	body := a.at + tarBlock
	w := &entryWriter{to: io.NewOffsetWriter(a.file, body), sum: sha256.New()}
	if err := fill(w); err != nil {
		return err
	}
	head, err := tarHeader(name, w.size, a.made)
	if err != nil {
		return err
	}
	if _, err := a.file.WriteAt(make([]byte, padded(w.size)-w.size), body+w.size); err != nil {
		return err
	}
	if _, err := a.file.WriteAt(head, a.at); err != nil {
		return err
	}
	a.has = append(a.has, archived{Name: name, Size: w.size, SHA256: hex.EncodeToString(w.sum.Sum(nil))})
	a.at = body + padded(w.size)
	return nil
}

func (a *archiveWriter) addBytes(name string, b []byte) error {
	return a.add(name, func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}

// finish adds the manifest, ends the archive and syncs it.
func (a *archiveWriter) finish(m manifest) error {
	m.Format, m.Time, m.Files = archiveFormat, a.made, a.has
	text, err := m.text()
	if err != nil {
		return err
	}
	if len(a.has) > mostEntries || len(text) > longestManifest {
		return fmt.Errorf("there are %d files, too many for an archive: move what is no key out of keys", len(a.has))
	}
	if err := a.addBytes(manifestFile, text); err != nil {
		return err
	}
	if _, err := a.file.WriteAt(make([]byte, tarEnd), a.at); err != nil {
		return err
	}
	return a.file.Sync()
}

// entryWriter writes the content of one entry.
type entryWriter struct {
	to   io.Writer
	sum  hash.Hash
	size int64
}

// Write implements io.Writer.
func (e *entryWriter) Write(b []byte) (int, error) {
	n, err := e.to.Write(b)
	e.sum.Write(b[:n])
	e.size += int64(n)
	return n, err
}
