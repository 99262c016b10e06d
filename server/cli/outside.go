package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"kunci/server/cert"
	"kunci/server/systemd"
)

// outside is what stands between a server and those who reach it: listeners,
// certificates, the service manager.
type outside struct {
	main, plain net.Listener // plain is nil where there is none
	pair        *cert.Pair   // nil: none
	host        string       // what clients ask of pair
	acme        *cert.ACME   // nil: none
	challenges  http.Handler // answers the ACME server on plain
	hangup      chan os.Signal
	onTerminal  bool
	manager     manager
}

// outside takes over what the service manager has handed us. From here on
// SIGHUP does not end the process.
func (p *program) outside(c *serveConfig) (*outside, error) {
	o := &outside{hangup: make(chan os.Signal, 1), onTerminal: terminal(p.stderr) != nil}
	signal.Notify(o.hangup, syscall.SIGHUP)
	var err error
	if o.manager.notifier, err = systemd.Open(p.env, os.Getpid()); err == nil {
		err = o.adopt(c, p.env)
	}
	if err != nil {
		o.close()
		return nil, errors.New(strings.TrimPrefix(err.Error(), "systemd: "))
	}
	for _, name := range []string{"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} {
		_ = os.Unsetenv(name) // it is for this process alone
	}
	return o, nil
}

// adopt gives each socket of the service manager its place.
func (o *outside) adopt(c *serveConfig, env map[string]string) error {
	sockets, err := systemd.Sockets(env, os.Getpid())
	for i, s := range sockets {
		place := &o.main
		switch {
		case s.Name == "https" || s.Name == "kunci" || s.Name == "" && len(sockets) == 1:
		case s.Name == "http" && c.https.plain != "":
			place = &o.plain
		case s.Name == "http":
			err = errors.New(`a socket is called "http", which is for plain HTTP beside --domain: call it kunci (FileDescriptorName=kunci)`)
		default:
			err = fmt.Errorf("a socket is called %q: call it https or kunci, or http for plain HTTP beside --domain (FileDescriptorName=)", s.Name)
		}
		if err == nil && *place != nil {
			err = fmt.Errorf("a second socket is called %q: leave one of them out", s.Name)
		}
		if err != nil {
			for _, left := range sockets[i:] {
				_ = left.Listener.Close()
			}
			return err
		}
		*place = s.Listener
	}
	return err
}

// listen opens the listeners that were not handed to us.
func (o *outside) listen(ctx context.Context, c *serveConfig) (err error) {
	if o.main == nil {
		if o.main, err = listen(ctx, "listen", c.listen); err != nil {
			return err
		}
	}
	if at, ok := o.main.Addr().(*net.TCPAddr); c.dev && (!ok || !at.IP.IsLoopback()) {
		// A name such as localhost can resolve to anything.
		return fmt.Errorf("%s is not a loopback address, which --dev is for: say --listen 127.0.0.1:8080", o.main.Addr())
	}
	if o.plain == nil && c.https.plain != "" {
		o.plain, err = listen(ctx, "http-listen", c.https.plain)
	}
	return err
}

func listen(ctx context.Context, flag, at string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(context.WithoutCancel(ctx), "tcp", at)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is taken by another process: stop it, or choose another with --%s", at, flag)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("this user may not listen on %s: give the process CAP_NET_BIND_SERVICE, or choose a port from 1024 on with --%s", at, flag)
	case err != nil:
		return nil, fmt.Errorf("can't listen on %s: %w: choose another with --%s", at, err, flag)
	}
	return l, nil
}

// close closes what is open, which it is not any more where it served.
func (o *outside) close() {
	signal.Stop(o.hangup)
	for _, l := range []net.Listener{o.main, o.plain} {
		if l != nil {
			_ = l.Close()
		}
	}
}
