package cli

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// An archive is a tar file: the data file, then the key files where it has
// any, in the order of their names, and at its end the manifest, which tells of
// all before it. There is one way to write it, and only what is written that
// way is read: nothing of it can be changed, cut off or added unseen.
const (
	manifestFile  = "manifest.json"
	archiveFormat = 1

	tarBlock        = 512
	tarEnd          = 2 * tarBlock // zeros after the last entry
	mostEntries     = 10_000
	longestManifest = 4 << 20
	longestKey      = 64 << 10 // of a file in keys/, in bytes
)

// manifest says what an archive is of and what is in it.
type manifest struct {
	Format   int        `json:"format"`
	Instance string     `json:"instance"` // of data file and keys
	Schema   int        `json:"schema"`
	Version  string     `json:"version"` // of the kunci that made it
	Time     time.Time  `json:"time"`    // when the snapshot was asked for: all acts before are in it
	Files    []archived `json:"files"`
	Sum      string     `json:"sum"` // SHA-256 of the manifest with "" here
}

// archived is one file in an archive.
type archived struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`   // in bytes
	SHA256 string `json:"sha256"` // hexadecimal
}

func (m *manifest) hasKeys() bool { return len(m.Files) > 1 }

// text is the manifest as it stands in an archive.
func (m *manifest) text() ([]byte, error) {
	unsigned := *m
	unsigned.Sum = ""
	b, err := json.Marshal(&unsigned)
	if err != nil {
		return nil, fmt.Errorf("cli: manifest: %w", err)
	}
	sum := sha256.Sum256(b)
	unsigned.Sum = hex.EncodeToString(sum[:])
	b, err = json.Marshal(&unsigned)
	return append(b, '\n'), err
}

// parseManifest reads a manifest that text wrote.
func parseManifest(raw []byte) (*manifest, error) {
	var format struct {
		Format int `json:"format"`
	}
	if json.Unmarshal(raw, &format) == nil && format.Format > archiveFormat {
		return nil, fmt.Errorf("it has format %d, this kunci reads formats up to %d: use the newer kunci that made it", format.Format, archiveFormat)
	}
	m := &manifest{}
	if json.Unmarshal(raw, m, json.RejectUnknownMembers(true)) != nil || m.Format != archiveFormat {
		return nil, damagedArchive("its manifest can't be read")
	}
	if text, err := m.text(); err != nil || !bytes.Equal(text, raw) {
		return nil, damagedArchive("its manifest was changed")
	}
	return m, nil
}

// damageError is what is wrong with an archive itself.
type damageError struct{ text string }

func (e *damageError) Error() string {
	return "it is damaged, or not what kunci backup wrote: " + e.text
}

func damagedArchive(format string, args ...any) error {
	return &damageError{fmt.Sprintf(format, args...)}
}

// tarHeader is the one header that a file in an archive can have.
func tarHeader(name string, size int64, at time.Time) ([]byte, error) {
	var b bytes.Buffer
	// GNU's form has room for any size within one block.
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: at, Format: tar.FormatGNU}
	if err := tar.NewWriter(&b).WriteHeader(h); err != nil {
		return nil, fmt.Errorf("cli: archive: %w", err)
	}
	if b.Len() != tarBlock {
		return nil, errors.New("cli: archive: a name is too long for it")
	}
	return b.Bytes(), nil
}

// padded is the room that a file takes after its header, in bytes.
func padded(size int64) int64 { return (size + tarBlock - 1) / tarBlock * tarBlock }

// keyName says whether a file in keys/ can be one that the ring reads.
func keyName(name string) bool {
	return strings.HasSuffix(name, ".json") && name[0] != '.' && path.Base(name) == name && len(keysFolder)+1+len(name) <= 100 &&
		!strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' || r == '\\' })
}
