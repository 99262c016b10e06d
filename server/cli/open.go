package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"kunci/db"
	"kunci/db/bolt"
	"kunci/server/auth"
	"kunci/server/dialect"
	"kunci/server/password"
	"kunci/server/token"
)

// data is what is open of a data folder.
type data struct {
	engine *bolt.Engine
	store  *db.Store
	ring   *token.Ring
}

// openData opens the files of a locked folder that holds data. What is not
// whole is refused, never mended by making it new: that would be an empty
// user base, or tokens that nobody can verify.
func openData(f *folder) (*data, error) {
	file := filepath.Join(f.path, dataFile)
	if !f.has[dataFile] {
		return nil, fmt.Errorf("%s has %s but no %s: restore it from a backup, or move the folder away to begin with no accounts", f.path, keysFolder, dataFile)
	}
	if f.has[marker] {
		if err := finish(f.path); err != nil {
			return nil, err
		}
	}
	d, err := openFiles(f.path, dataFile)
	var newer *db.SchemaError
	switch {
	case err == nil:
		if err := errors.Join(dropCopy(f), dropRehearsal(f)); err != nil {
			return nil, errors.Join(err, d.closeFiles())
		}
		return d, nil
	case errors.Is(err, token.ErrNoKeys):
		return nil, fmt.Errorf("%s has no keys beside %s: restore %s from a backup", f.path, dataFile, filepath.Join(f.path, keysFolder))
	case errors.Is(err, token.ErrInstance):
		return nil, fmt.Errorf("%s and %s are of two instances: restore both from one backup", file, filepath.Join(f.path, keysFolder))
	case errors.Is(err, bolt.ErrHeld):
		return nil, fmt.Errorf("%s is held by another process: stop it first", file)
	case errors.As(err, &newer):
		return nil, fmt.Errorf("%s: %w", file, err)
	case errors.As(err, new(*fileError)) && !f.has[keysFolder] && empty(file):
		return nil, fmt.Errorf("%s: %w: restore it from a backup, or delete it to begin with no accounts", file, err)
	case errors.As(err, new(*fileError)):
		return nil, fmt.Errorf("%s: %w: restore it from a backup", file, err)
	}
	return nil, err
}

// empty says whether a file has no content, and so holds nobody's accounts.
func empty(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Size() == 0
}

// fileError is a fault of the data file, not of the keys.
type fileError struct{ error }

func (e *fileError) Unwrap() error { return e.error }

func openFiles(dir, file string) (_ *data, err error) {
	d := &data{}
	if d.engine, err = bolt.Open(filepath.Join(dir, file)); err != nil {
		return nil, asFileError(err)
	}
	if d.store, err = db.New(d.engine); err != nil {
		return nil, errors.Join(asFileError(err), d.engine.Close())
	}
	if d.ring, err = token.Open(filepath.Join(dir, keysFolder), d.store.Info().Instance.String()); err != nil {
		return nil, errors.Join(err, d.store.Close())
	}
	return d, nil
}

// openStore opens a data file without its keys, such as a copy that is to be
// judged. Closing the store closes the file.
func openStore(path string) (*db.Store, error) {
	e, err := bolt.Open(path)
	if err != nil {
		return nil, err
	}
	s, err := db.New(e)
	if err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return s, nil
}

// asFileError leaves alone what is about reaching the file: its path and the
// system's words are in it.
func asFileError(err error) error {
	var reach *fs.PathError
	if errors.As(err, &reach) {
		return err
	}
	return &fileError{err}
}

func (d *data) closeFiles() error { return d.store.Close() }

// service is the core over open data, outside of a server. The rules for
// passwords are those of the file: a dev file's are lax.
func (d *data) service(params password.Params, lifetime time.Duration, audit auditBounds, admit []string) *auth.Service {
	if d.store.Info().Schema < db.Schema {
		audit.most = 0 // an older kunci's file has no audit log yet, and stays as it is
	}
	return auth.New(auth.Config{
		Store: d.store, Hasher: password.New(params, 0), Ring: d.ring,
		SessionLifetime: lifetime, Audiences: dialect.Names(), Memberships: dialect.Memberships(), Admit: admit, AllowCommon: d.store.Info().Dev,
		AuditMost: audit.most, AuditKeep: audit.keep,
	})
}
