package cli

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"

	"kunci/mail"
)

// logger writes the log to stderr, one JSON object a line, or text.
func (p *program) logger(c *serveConfig) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.logLevel}
	if c.logText {
		return slog.New(slog.NewTextHandler(p.stderr, options))
	}
	return slog.New(slog.NewJSONHandler(p.stderr, options))
}

// banner says on stderr where everything is, with the port that was picked.
func (p *program) banner(c *serveConfig, at net.Addr, sender mail.Sender) {
	here := "http://" + reachable(at)
	mode := ""
	if c.dev {
		mode = " --dev"
	}
	lines := table{rows: [][]any{
		{"front page", here + "/"},
		{"health", here + "/healthz"},
		{"public URL", c.publicURL},
		{"data", c.data},
		{"mail", fmt.Sprintf("%s, from %s", sender, c.mailFrom)},
		{"sign-up", orNone(c.signUp)},
		{"admit", orNone(c.admit)},
	}}
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
