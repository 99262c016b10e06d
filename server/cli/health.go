package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	urfave "github.com/urfave/cli/v3"
)

// healthWithin bounds the whole question.
const healthWithin = 3 * time.Second

func (p *program) healthCommand() *urfave.Command {
	return &urfave.Command{
		Name: "healthcheck", Usage: "ask a running server whether it is ready; exit status 0 or 1",
		Flags: []urfave.Flag{&urfave.StringFlag{Name: "url", Usage: "`URL` where the server listens", DefaultText: "as KUNCI_LISTEN says, http://" + settingNamed("listen").def}},
		Action: func(ctx context.Context, cmd *urfave.Command) error {
			if _, err := arguments(cmd); err != nil {
				return err
			}
			at := cmd.String("url")
			if !cmd.IsSet("url") {
				var err error
				if at, err = ownURL(p.reader(cmd).text("listen")); err != nil {
					return err
				}
			}
			base, err := url.Parse(at)
			if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" {
				return usage(cmd, fmt.Sprintf("--url: %q is not of the form http://host:port", at))
			}
			if err := ready(ctx, strings.TrimSuffix(base.String(), "/")+"/readyz"); err != nil {
				return err
			}
			return tell(cmd, map[string]any{"ready": true, "url": base.String()}, "ready")
		},
	}
}

// ownURL is where a server that listens there is reached on this machine.
func ownURL(listen string) (string, error) {
	host, port, err := net.SplitHostPort(listen)
	if n, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || n == 0 {
		return "", &usageError{fmt.Sprintf("%s: %q names no port to ask: name the server with --url", settingNamed("listen").variable(), listen)}
	}
	if addr, err := netip.ParseAddr(host); host == "" || err == nil && addr.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port), nil
}

// ready asks once. A redirect is not an answer, and no proxy stands between
// a server and its own check.
func ready(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, healthWithin)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	answer, err := client.Do(r)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no answer from %s within %s: see the server's log", address, healthWithin)
	case err != nil:
		return fmt.Errorf("no answer from %s: start kunci serve, or name another server with --url", address)
	}
	if err := answer.Body.Close(); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready: %s answered %d: see the server's log", address, answer.StatusCode)
	}
	return nil
}
