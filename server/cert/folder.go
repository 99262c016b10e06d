package cert

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/acme/autocert"
)

// tempPrefix begins the names of files that are being written. No host name
// begins with a dot.
const tempPrefix = ".new-"

// folder keeps the account key and what was issued, each in a file of mode
// 0600 that is on disk whole or not at all. It is autocert's cache, and syncs,
// which autocert.DirCache does not: what a power cut takes costs one of the few
// orders that a CA allows in a week.
//
// What another CA than Let's Encrypt issued has after its name that CA's host and a
// hash of its directory, of which a host may have several, so
// that a change of --acme-url, from a CA for tests to a real one, say, is
// followed at the next start and not when the old certificate ends.
type folder struct{ dir, ca string }

func folderOf(c ACMEConfig) folder {
	f := folder{dir: c.Folder}
	if u, err := url.Parse(c.Directory); err == nil && c.Directory != LetsEncrypt {
		sum := sha256.Sum256([]byte(c.Directory))
		f.ca = fmt.Sprintf("@%s-%x", u.Host, sum[:4])
	}
	return f
}

// Get implements autocert.Cache.
func (f folder) Get(_ context.Context, name string) ([]byte, error) {
	if passing(name) {
		return nil, autocert.ErrCacheMiss
	}
	path, err := f.path(name)
	if err != nil {
		return nil, err
	}
	b, err := readPrivate(path, 0o077)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, autocert.ErrCacheMiss
	}
	return b, err
}

// Put implements autocert.Cache.
func (f folder) Put(_ context.Context, name string, data []byte) error {
	if passing(name) {
		return nil
	}
	path, err := f.path(name)
	if err != nil {
		return err
	}
	if err := f.make(); err != nil {
		return err
	}
	temp, err := os.CreateTemp(f.dir, tempPrefix) // mode 0600
	if err != nil {
		return fmt.Errorf("cert: %w", err)
	}
	_, err = temp.Write(data)
	if err == nil {
		err = temp.Sync()
	}
	if err = errors.Join(err, temp.Close()); err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("cert: write %s: %w", path, errors.Join(err, os.Remove(temp.Name())))
	}
	return syncFolder(f.dir)
}

// issued is the folder as autocert sees it. A certificate that can't be written
// is served all the same: autocert throws away what its cache does not take,
// and would order another one, until the CA refuses and the old one has ended.
type issued struct {
	folder
	log *slog.Logger
}

// Put implements autocert.Cache.
func (i issued) Put(ctx context.Context, name string, data []byte) error {
	err := i.folder.Put(ctx, name, data)
	if err == nil || strings.HasPrefix(name, "acme_account") {
		return err
	}
	i.log.Error("a certificate can't be kept: it serves until the next start, which orders another one", "name", name, "cause", err.Error())
	return nil
}

// Delete implements autocert.Cache.
func (f folder) Delete(_ context.Context, name string) error {
	if passing(name) {
		return nil
	}
	path, err := f.path(name)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cert: %w", err)
	}
	return nil
}

// passing says whether a name is that of a challenge's answer, which is kept in
// memory alone: strangers ask for those, and the disk is not theirs to use.
func passing(name string) bool {
	return strings.HasSuffix(name, "+token") || strings.HasSuffix(name, "+http-01")
}

// path is the file of a name, which is a host's in ASCII with what autocert
// puts after it.
func (f folder) path(name string) (string, error) {
	odd := func(r rune) bool { return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789.-_+", r) }
	if name == "" || name[0] == '.' || strings.ContainsFunc(name, odd) {
		return "", fmt.Errorf("cert: %q is no name of a file", name)
	}
	return filepath.Join(f.dir, name+f.ca), nil
}

// make makes the folder where there is none yet.
func (f folder) make() error {
	err := os.Mkdir(f.dir, 0o700)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil
	case err != nil:
		return fmt.Errorf("cert: %w", err)
	}
	return syncFolder(filepath.Dir(f.dir))
}

// tidy deletes what a crash left half written.
func (f folder) tidy() {
	left, _ := filepath.Glob(filepath.Join(f.dir, tempPrefix+"*")) // the pattern is well formed
	for _, path := range left {
		_ = os.Remove(path) // it harms nobody
	}
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("cert: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}
