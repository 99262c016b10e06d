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
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	urfave "github.com/urfave/cli/v3"

	"kunci/server"
	"kunci/server/ctl"
)

// healthWithin bounds the whole question.
const healthWithin = 3 * time.Second

func (p *program) healthCommand() *urfave.Command {
	return &urfave.Command{
		Name: "healthcheck", Usage: "ask a running server whether it is ready; exit status 0 or 1",
		Flags: []urfave.Flag{&urfave.StringFlag{Name: "url", Usage: "`URL` where the server listens", DefaultText: "the server of the data folder, over its socket; without one as KUNCI_LISTEN says, http://" + settingNamed("listen").def}},
		Action: func(ctx context.Context, cmd *urfave.Command) error {
			if _, err := arguments(cmd); err != nil {
				return err
			}
			at := cmd.String("url")
			if !cmd.IsSet("url") {
				r := p.reader(cmd)
				failing, err := r.localReady(ctx)
				if err == nil {
					return sayReady(cmd, filepath.Join(r.folder(), "admin.sock"), failing)
				}
				if !errors.Is(err, errNoneThere) {
					return err
				}
				if at, err = r.ownURL(); err != nil {
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
			return sayReady(cmd, base.String(), failing)
		},
	}
}

// sayReady says that a server is ready, and which of its parts fail.
func sayReady(cmd *urfave.Command, at string, failing []string) error {
	text := "ready"
	if len(failing) > 0 {
		text = fmt.Sprintf("ready, but failing: %s: see the server's log", strings.Join(failing, ", "))
	}
	return tell(cmd, map[string]any{"ready": true, "url": at, "failing": failing}, "%s", text)
}

// errNoneThere says that nobody answers at the socket of a data folder.
var errNoneThere = errors.New("cli: no server answers there")

// localReady asks the server of the data folder over its socket, which is there
// whatever it listens on and whichever certificate it has. errNoneThere is none
// that answers, or none that this user may ask.
func (r *reader) localReady(ctx context.Context) (failing []string, err error) {
	dir := r.folder()
	if r.err != nil {
		return nil, r.err
	}
	ctx, cancel := context.WithTimeout(ctx, healthWithin)
	defer cancel()
	c, err := ctl.Dial(ctx, dir, build().Version)
	if c == nil && (err == nil || ctx.Err() == nil) {
		return nil, errNoneThere
	}
	var answer *http.Response
	if err == nil {
		defer c.Close()
		answer, err = c.Readyz(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("no answer from the server of %s within %s: see its log", dir, healthWithin)
	}
	return judged(answer, "the server of "+dir)
}

// ownURL is where the server that KUNCI_LISTEN tells of is reached on this
// machine. There is nothing to ask over HTTPS: its name leads elsewhere.
func (r *reader) ownURL() (string, error) {
	if r.own || r.text("tls-cert") != "" {
		return "", fmt.Errorf("no server answers on the data folder %s: start kunci serve, or name the folder with --data, or a server with --url", r.folder())
	}
	listen := r.text("listen")
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
	return judged(answer, address)
}

// judged is what an answer of /readyz says.
func judged(answer *http.Response, from string) (failing []string, err error) {
	failing = failingParts(answer.Body)
	if err := answer.Body.Close(); err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		which := ""
		if len(failing) > 0 {
			which = ", failing: " + strings.Join(failing, ", ")
		}
		return nil, fmt.Errorf("not ready: %s answered %d%s: see the server's log", from, answer.StatusCode, which)
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
