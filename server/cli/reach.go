package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	urfave "github.com/urfave/cli/v3"

	"kunci/db"
	"kunci/server/auth"
	"kunci/server/ctl"
)

const (
	// startsWithin is how long a command waits for a server that holds the data
	// folder and does not answer yet.
	startsWithin = 2 * time.Second
	askAgain     = 50 * time.Millisecond
)

// action is what most commands are: arguments, then acts of an operator.
func (p *program) action(names []string, act func(context.Context, *urfave.Command, *ctl.Client, []string) error) urfave.ActionFunc {
	return func(ctx context.Context, cmd *urfave.Command) error {
		args, err := arguments(cmd, names...)
		if err != nil {
			return err
		}
		return p.operate(ctx, cmd, func(c *ctl.Client) error { return act(ctx, cmd, c, args) })
	}
}

// operate is the one way by which a command reaches accounts: through the
// server that runs on the data folder, else through the same handlers over the
// files, which are locked meanwhile. Files of an older schema are refused.
func (p *program) operate(ctx context.Context, cmd *urfave.Command, act func(*ctl.Client) error) error {
	return p.reach(ctx, cmd, false, act)
}

// reach is operate for an act that may only read what an older kunci wrote.
func (p *program) reach(ctx context.Context, cmd *urfave.Command, older bool, act func(*ctl.Client) error) error {
	r := p.reader(cmd)
	params, lifetime, audit := r.argon2(), r.lifetime(), r.audit()
	dir, err := r.dataFolder()
	if err != nil {
		return err
	}
	for end := time.Now().Add(startsWithin); ; {
		held, err := take(dir, commandName(cmd))
		var used *inUseError
		if !errors.As(err, &used) {
			return holding(dir, held, err, older, func(d *data) error {
				r.dev = r.dev || d.store.Info().Dev // as its server would be started
				service := d.service(params, lifetime, audit, r.list("admit"))
				return alone(ctx, service, act)
			})
		}
		if used.byServer() {
			c, err := ctl.Dial(ctx, dir, build().Version)
			if err != nil {
				return err
			}
			if c != nil {
				defer c.Close()
				return act(c)
			}
		}
		if !used.byServer() && !used.unnamed() || time.Now().After(end) {
			return used
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(askAgain):
		}
	}
}

// alone does an act in this process, and writes what the audit log has not
// been told yet before it ends.
func alone(ctx context.Context, service *auth.Service, act func(*ctl.Client) error) (err error) {
	defer func() {
		if late := service.FlushAudit(context.WithoutCancel(ctx)); late != nil {
			err = errors.Join(err, fmt.Errorf("the audit log can't be told of it: %w", late))
		}
	}()
	c := ctl.Local(auth.Operator{Service: service, Alone: true}, build().Version)
	defer c.Close()
	return act(c)
}

// withData runs a command that needs the data folder to itself.
func (p *program) withData(cmd *urfave.Command, act func(dir string, d *data) error) error {
	dir, err := p.reader(cmd).dataFolder()
	if err != nil {
		return err
	}
	held, err := take(dir, commandName(cmd))
	return holding(dir, held, err, false, func(d *data) error { return act(dir, d) })
}

// holding opens the data of a folder that take has locked, or says why it has
// not, and lets go of both after act. Only serve upgrades data: it is of an
// older schema for act alone where that is said.
func holding(dir string, held *lock, refused error, older bool, act func(*data) error) (err error) {
	if refused != nil {
		return refused
	}
	defer func() { err = errors.Join(err, held.release()) }()
	f, err := look(dir) // as it is now that nobody else changes it
	if err != nil {
		return err
	}
	d, err := openData(f)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.closeFiles()) }()
	if schema := d.store.Info().Schema; schema < db.Schema && !older {
		return &olderError{filepath.Join(dir, dataFile), schema}
	}
	return act(d)
}

// dataFolder is the data folder of a command, which must hold data.
func (r *reader) dataFolder() (string, error) {
	dir := r.folder()
	if r.err != nil {
		return "", r.err
	}
	f, err := look(dir)
	if err == nil && (f.missing || !f.holdsData()) {
		err = noData(dir)
	}
	return dir, err
}

func noData(dir string) error {
	hint := "name the folder with --data"
	if _, err := os.Stat(settingNamed("data").devDef); err == nil && dir != filepath.Clean(settingNamed("data").devDef) {
		hint += " (or say --dev for " + settingNamed("data").devDef + ")"
	}
	return fmt.Errorf("there is no data in %s: start kunci serve first, or %s", dir, hint)
}
