package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	urfave "github.com/urfave/cli/v3"

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
		if err := dropCopy(f); err != nil {
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

// operator is the operator's side of open data, outside of a server. The
// rules for passwords are those of the file: a dev file's are lax.
func (d *data) operator(params password.Params, r *reader) auth.Operator {
	return auth.Operator{Service: auth.New(auth.Config{
		Store: d.store, Hasher: password.New(params, 0), Ring: d.ring,
		SessionLifetime: r.lifetime(), Audiences: dialect.Names(), AllowCommon: d.store.Info().Dev,
	})}
}

// operate runs an operator's command on the data folder.
func (p *program) operate(cmd *urfave.Command, act func(auth.Operator) error) error {
	r := p.reader(cmd)
	params, _ := r.argon2(), r.lifetime()
	return p.withData(cmd, r, func(_ string, d *data) error { return act(d.operator(params, r)) })
}

// withData runs a command on the data folder, which it locks: the server must
// not be running.
func (p *program) withData(cmd *urfave.Command, r *reader, act func(dir string, d *data) error) (err error) {
	dir := r.folder()
	if r.err != nil {
		return r.err
	}
	f, err := look(dir)
	if err != nil {
		return err
	}
	if f.missing || !f.holdsData() {
		return noData(dir)
	}
	held, err := take(dir, commandName(cmd))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, held.release()) }()
	if f, err = look(dir); err != nil { // as it is now that nobody else changes it
		return err
	}
	d, err := openData(f)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.closeFiles()) }()
	// Half of a migration is of no use, so nothing interrupts it.
	if err := d.store.Migrate(context.Background()); err != nil {
		return err
	}
	return act(dir, d)
}

func noData(dir string) error {
	hint := "name the folder with --data"
	if _, err := os.Stat(settingNamed("data").devDef); err == nil && dir != filepath.Clean(settingNamed("data").devDef) {
		hint += " (or say --dev for " + settingNamed("data").devDef + ")"
	}
	return fmt.Errorf("there is no data in %s: start kunci serve first, or %s", dir, hint)
}

// action is what most commands are: arguments, then one act of an operator.
func (p *program) action(names []string, act func(context.Context, *urfave.Command, auth.Operator, []string) error) urfave.ActionFunc {
	return func(ctx context.Context, cmd *urfave.Command) error {
		args, err := arguments(cmd, names...)
		if err != nil {
			return err
		}
		return p.operate(cmd, func(o auth.Operator) error { return act(ctx, cmd, o, args) })
	}
}
