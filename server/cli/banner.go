package cli

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"

	"kunci/mail"
	"kunci/server"
)

// logger writes the log to stderr, one JSON object a line, or text. Durations
// are seconds.
func (p *program) logger(c *serveConfig) *slog.Logger {
	if c.logText {
		to := &inkedLog{p.stderr, p.ink(p.stderr)}
		return slog.New(slog.NewTextHandler(to, &slog.HandlerOptions{Level: c.logLevel}))
	}
	return slog.New(server.NewLogHandler(p.stderr, c.logLevel))
}

// banner says on stderr where everything is, with the port that was picked:
// to people as a table, to programs as a line of the log like any other.
func (p *program) banner(c *serveConfig, log *slog.Logger, at net.Addr, sender mail.Sender) {
	facts := []struct{ name, key, value string }{
		{"front page", "url", c.scheme() + "://" + reachable(at) + "/"},
		{"public URL", "public_url", c.publicURL},
		{"data", "data", c.data},
		{"mail", "mail", fmt.Sprintf("%s, from %s", sender, c.mailFrom)},
		{"sign-up", "sign_up", orNone(c.signUp)},
		{"admit", "admit", orNone(c.admit)},
	}
	if c.metrics != nil {
		facts = append(facts, struct{ name, key, value string }{"metrics", "metrics", "http://" + c.metrics.Addr().String() + "/metrics"})
	}
	if !c.logText {
		attrs := []any{"version", build().Version, "dev", c.dev}
		for _, f := range facts {
			attrs = append(attrs, f.key, f.value)
		}
		log.Info("serving", attrs...)
		return
	}
	mode := ""
	if c.dev {
		mode = " --dev"
	}
	var lines table
	for _, f := range facts {
		lines.rows = append(lines.rows, []any{f.name, f.value})
	}
	var b strings.Builder
	_ = lines.print(&b) // a Builder takes everything
	_, _ = fmt.Fprintf(p.stderr, "kunci serve%s, %s\n%s", mode, build().Version, b.String())
}

// reachable is a listener's address as somebody on this machine reaches it.
func reachable(at net.Addr) string {
	addr, err := netip.ParseAddrPort(at.String())
	if err != nil || !addr.Addr().IsUnspecified() {
		return at.String()
	}
	return fmt.Sprintf("127.0.0.1:%d", addr.Port())
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
