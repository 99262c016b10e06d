package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	urfave "github.com/urfave/cli/v3"
)

// healthWithin bounds the whole question.
const healthWithin = 3 * time.Second

func (p *program) healthCommand() *urfave.Command {
	return &urfave.Command{
		Name: "healthcheck", Usage: "ask a running server whether it is ready; exit status 0 or 1",
		Flags: []urfave.Flag{&urfave.StringFlag{Name: "url", Usage: "where the server listens", Value: "http://127.0.0.1:8080"}},
		Action: func(ctx context.Context, cmd *urfave.Command) error {
			if _, err := arguments(cmd); err != nil {
				return err
			}
			base, err := url.Parse(cmd.String("url"))
			if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" {
				return usage(cmd, fmt.Sprintf("--url: %q is not of the form http://host:port", cmd.String("url")))
			}
			if err := ready(ctx, strings.TrimSuffix(base.String(), "/")+"/readyz"); err != nil {
				return err
			}
			return say(cmd, "ready")
		},
	}
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
