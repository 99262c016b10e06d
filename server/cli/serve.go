package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"

	"github.com/google/uuid"
	urfave "github.com/urfave/cli/v3"

	"kunci/server/auth"
	"kunci/server/dialect"
	"kunci/server/password"
)

func (p *program) serveCommand() *urfave.Command {
	return &urfave.Command{
		Name:  "serve",
		Usage: "run the server",
		Description: "Each setting is a flag, else KUNCI_NAME in the environment, else its default; an empty variable\n" +
			"counts as not set. Secrets are KUNCI_NAME, or a file that --name-file or KUNCI_NAME_FILE names.\n" +
			"The data folder is made at the first start. A data file is made with --dev or without, for good.",
		Flags:  serveFlags(),
		Action: p.serve,
	}
}

// serve starts the server and returns when ctx has ended and all is closed.
// Before the first change to the data folder, the settings are checked, the
// folder is locked and the port is ours.
func (p *program) serve(ctx context.Context, cmd *urfave.Command) (err error) {
	if _, err := arguments(cmd); err != nil {
		return err
	}
	c, err := p.serveConfig(p.reader(cmd))
	if err != nil {
		return err
	}
	out, err := p.outside(c)
	if err != nil {
		return err
	}
	defer out.close()
	uuid.EnableRandPool()
	c.width = cmp.Or(c.width, runtime.GOMAXPROCS(0))
	defer runtime.KeepAlive(prepareRuntime())
	f, held, err := claim(c.data)
	if err != nil {
		return err
	}
	defer func() {
		if held != nil {
			err = errors.Join(err, held.release())
		}
	}()
	if err := out.listen(ctx, c); err != nil {
		return err
	}
	if c.metrics, err = listenMetrics(ctx, c); err != nil {
		return err
	}
	defer func() {
		if c.metrics != nil {
			_ = c.metrics.Close()
		}
	}()
	c.settle(out.main.Addr())
	if held == nil {
		if err := makeFolder(c.data); err != nil {
			return err
		}
		if f, held, err = claim(c.data); err != nil {
			return err
		}
	}
	d, err := openOrMake(ctx, c, f, p.logger(c))
	if err != nil {
		return err
	}
	return p.run(ctx, c, d, out)
}

// claim looks at a data folder and locks it. There is no lock where there is
// no folder.
func claim(dir string) (*folder, *lock, error) {
	f, err := look(dir)
	if err != nil || f.missing {
		return f, nil, err
	}
	held, err := take(dir, "serve")
	if err != nil {
		return nil, nil, err
	}
	if f, err = look(dir); err != nil { // as it is now that nobody else changes it
		return nil, nil, errors.Join(err, held.release())
	}
	return f, held, nil
}

// openOrMake opens the data of a claimed folder, and upgrades what an older
// kunci left; where there is none yet it makes it, with the demo accounts that
// --dev has.
func openOrMake(ctx context.Context, c *serveConfig, f *folder, log *slog.Logger) (*data, error) {
	if !f.holdsData() {
		if err := firstStart(f.path, c.dev, c.demos(ctx)); err != nil {
			return nil, err
		}
		var err error
		if f, err = look(f.path); err != nil {
			return nil, err
		}
	}
	d, err := openData(f)
	if err != nil {
		return nil, err
	}
	switch dev := d.store.Info().Dev; {
	case dev && !c.dev:
		err = fmt.Errorf("%s was made with --dev, for good: start it with --dev, or name another folder with --data", f.path)
	case !dev && c.dev:
		err = fmt.Errorf("%s was made without --dev, for good: start it without --dev, or name another folder with --data", f.path)
	}
	if err == nil {
		err = d.upgrade(context.WithoutCancel(ctx), f.path, log)
	}
	if err != nil {
		return nil, errors.Join(err, d.closeFiles())
	}
	return d, nil
}

// demos makes the demo accounts in new data; nil where there are to be none.
func (c *serveConfig) demos(ctx context.Context) func(*data) error {
	if !c.dev || c.noDemo {
		return nil
	}
	return func(d *data) error {
		o := auth.Operator{Service: auth.New(auth.Config{
			Store: d.store, Hasher: password.New(c.params, c.width), Ring: d.ring,
			Audiences: dialect.Names(), AllowCommon: true,
		})}
		return o.MakeDemos(context.WithoutCancel(ctx)) // half of them are of no use
	}
}
