package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"

	urfave "github.com/urfave/cli/v3"

	"kunci/server/metrics"
)

func (p *program) metricsCommand() *urfave.Command {
	printed := func(name, usage string, text func() string) *urfave.Command {
		return &urfave.Command{
			Name: name, Usage: usage,
			Action: func(_ context.Context, cmd *urfave.Command) error {
				if _, err := arguments(cmd); err != nil {
					return err
				}
				_, err := fmt.Fprint(cmd.Root().Writer, text())
				return err
			},
		}
	}
	return group("metrics", "what Grafana and Prometheus need to watch a server that has --metrics-listen",
		printed("dashboard", "print a dashboard for Grafana, JSON", metrics.Dashboard),
		printed("alerts", "print alert rules for Prometheus, YAML", metrics.Alerts),
	)
}

// metricsListen reads where metrics are scraped: numbers say who is busy when,
// and nothing asks for a password there.
func (r *reader) metricsListen() string {
	const name = "metrics-listen"
	at := r.text(name)
	if at == "" {
		return ""
	}
	host, port, err := net.SplitHostPort(at)
	switch {
	case err != nil || port == "":
		r.fault(name, "%q is not of the form address:port", at)
	case !isLoopbackHost(host):
		r.fault(name, "%q is not of this machine alone: say 127.0.0.1:%s, and scrape it by a Prometheus on this machine, through a tunnel, or through a proxy that asks for a password", at, port)
	default:
		r.port(name, port, at, 0)
	}
	return at
}

// listenMetrics takes the address of --metrics-listen; nil where there is none.
func listenMetrics(ctx context.Context, c *serveConfig) (net.Listener, error) {
	if c.metricsAt == "" {
		return nil, nil
	}
	l, err := (&net.ListenConfig{}).Listen(context.WithoutCancel(ctx), "tcp", c.metricsAt)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is taken by another process, or by --listen: choose another with --metrics-listen", c.metricsAt)
	case err != nil:
		return nil, fmt.Errorf("can't listen on %s: %w: choose another with --metrics-listen", c.metricsAt, err)
	}
	if at, ok := l.Addr().(*net.TCPAddr); !ok || !at.IP.IsLoopback() {
		_ = l.Close() // a name such as localhost can resolve to anything
		return nil, fmt.Errorf("%s is not a loopback address: say --metrics-listen 127.0.0.1:9180", l.Addr())
	}
	return l, nil
}
