package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime"
	"syscall"

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
	l, err := listen(ctx, c)
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }() // closed long since, where it served
	if c.metrics, err = listenMetrics(ctx, c); err != nil {
		return err
	}
	defer func() {
		if c.metrics != nil {
			_ = c.metrics.Close()
		}
	}()
	c.settle(l.Addr())
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
	return p.run(ctx, c, d, l)
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

func listen(ctx context.Context, c *serveConfig) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(context.WithoutCancel(ctx), "tcp", c.listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is taken by another process: stop it, or choose another with --listen", c.listen)
	}
	if err != nil {
		return nil, fmt.Errorf("can't listen on %s: %w: choose another with --listen", c.listen, err)
	}
	if at, ok := l.Addr().(*net.TCPAddr); c.dev && (!ok || !at.IP.IsLoopback()) {
		_ = l.Close() // a name such as localhost can resolve to anything
		return nil, fmt.Errorf("%s is not a loopback address, which --dev is for: say --listen 127.0.0.1:8080", l.Addr())
	}
	return l, nil
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
