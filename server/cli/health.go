package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	urfave "github.com/urfave/cli/v3"

	"kunci/server"
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
			failing, err := ready(ctx, strings.TrimSuffix(base.String(), "/")+"/readyz")
			if err != nil {
				return err
			}
			text := "ready"
			if len(failing) > 0 {
				text = fmt.Sprintf("ready, but failing: %s: see the server's log", strings.Join(failing, ", "))
			}
			return tell(cmd, map[string]any{"ready": true, "url": base.String(), "failing": failing}, "%s", text)
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

// ready asks once, and says which parts of a ready server fail. A redirect is
// not an answer, and no proxy stands between a server and its own check.
func ready(ctx context.Context, address string) (failing []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, healthWithin)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	answer, err := client.Do(r)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("no answer from %s within %s: see the server's log", address, healthWithin)
	case err != nil:
		return nil, fmt.Errorf("no answer from %s: start kunci serve, or name another server with --url", address)
	}
	failing = failingParts(answer.Body)
	if err := answer.Body.Close(); err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		which := ""
		if len(failing) > 0 {
			which = ", failing: " + strings.Join(failing, ", ")
		}
		return nil, fmt.Errorf("not ready: %s answered %d%s: see the server's log", address, answer.StatusCode, which)
	}
	return failing, nil
}

// longestReadiness bounds what is read of an answer, in bytes.
const longestReadiness = 4 << 10

// failingParts are the parts that an answer calls failing, by name; none where
// it is no answer of a kunci.
func failingParts(body io.Reader) []string {
	failing := []string{} // [] in JSON where there is none
	var said struct {
		Parts map[string]server.State `json:"parts"`
	}
	raw, err := io.ReadAll(io.LimitReader(body, longestReadiness))
	if err != nil || json.Unmarshal(raw, &said) != nil {
		return failing
	}
	for name, state := range said.Parts {
		if state == server.Failing {
			failing = append(failing, neutral(name))
		}
	}
	slices.Sort(failing)
	return failing
}
