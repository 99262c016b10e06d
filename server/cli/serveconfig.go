package cli

import (
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"kunci/mail"
	"kunci/server/auth"
	"kunci/server/dialect"
	"kunci/server/password"
	"kunci/server/social"
)

// Bounds of settings.
const (
	longestPublicURL    = 200 // characters; it is `iss` in every token
	shortestLifetime    = time.Minute
	longestLifetime     = 400 * 24 * time.Hour
	leastSecret         = 16 // characters
	mostLimit, mostWide = 1_000_000, 1024
)

// serveConfig is all that serve was told, checked.
type serveConfig struct {
	dev, noDemo bool
	data        string
	listen      string
	publicURL   string // "": where it listens
	https       httpsConfig

	lifetime      time.Duration
	admit, signUp []string
	origins       []string
	proxies       []netip.Prefix
	shoopStatus   int
	introspect    string
	limits        auth.Limits
	params        password.Params
	width         int
	googleMode    auth.SocialMode
	google        social.GoogleConfig
	facebookMode  auth.SocialMode
	facebook      social.FacebookConfig
	smtp          *mail.SMTP // nil: mail becomes files
	mailFrom      string     // "": kunci@ the host of the public URL
	backup        schedule
	audit         auditBounds
	metricsAt     string       // "": nowhere
	metrics       net.Listener // nil: none
	logText       bool
	logLevel      slog.Level
}

// serveConfig reads every setting. Nothing is touched by it.
func (p *program) serveConfig(r *reader) (*serveConfig, error) {
	c := &serveConfig{
		dev: r.dev, noDemo: r.yes("no-demo"), data: r.folder(),
		lifetime: r.lifetime(), params: r.argon2(), width: r.number("hash-width", 0, mostWide),
		limits: auth.Limits{
			FailuresPerMinute:    r.number("limit-failures-per-minute", 0, mostLimit),
			FailuresPerHour:      r.number("limit-failures-per-hour", 0, mostLimit),
			SignUpsPerHour:       r.number("limit-sign-ups-per-hour", 0, mostLimit),
			ForgotsPerTenMinutes: r.number("limit-forgots-per-ten-minutes", 0, mostLimit),
			ExemptLoopback:       r.dev,

			SocialPerMinute: auth.DefaultLimits.SocialPerMinute, SocialOfAccountPerMinute: auth.DefaultLimits.SocialOfAccountPerMinute,
		},
		proxies: r.proxies(), origins: r.origins(), shoopStatus: r.shoopStatus(), backup: r.schedule(),
		metricsAt: r.metricsListen(), audit: r.audit(),
	}
	if c.noDemo && !c.dev {
		r.fault("no-demo", "it is of no use without --dev")
	}
	if c.introspect = r.secret("introspect-secret"); c.introspect != "" && utf8.RuneCountInString(c.introspect) < leastSecret {
		r.fault("introspect-secret", "it has less than %d characters", leastSecret)
	}
	r.https(c)
	r.address(c)
	r.dialects(c)
	r.social(c)
	r.mail(c)
	r.logs(c, terminal(p.stderr) != nil)
	return c, r.err
}

// address reads where the server listens and where clients reach it.
func (r *reader) address(c *serveConfig) {
	c.listen = r.text("listen")
	host, port := r.place("listen", c.listen)
	if c.dev && r.err == nil && !isLoopbackHost(host) {
		r.fault("listen", "--dev listens on loopback only: say 127.0.0.1:%s, or leave --dev out", port)
	}
	raw := r.text("public-url")
	if own := c.https.acme.Names; raw == "" && len(own) > 0 {
		raw = "https://" + own[0]
	}
	switch {
	case raw == "" && !c.dev:
		r.refuse("public-url", " is required: say where clients reach this server, such as https://auth.example.com; or try kunci out with --dev")
	case utf8.RuneCountInString(raw) > longestPublicURL:
		r.fault("public-url", "it is longer than %d characters", longestPublicURL)
	case raw != "":
		c.publicURL = r.origin("public-url", raw, false).String()
	}
}

// place is an address and port to listen at.
func (r *reader) place(name, at string) (host, port string) {
	host, port, err := net.SplitHostPort(at)
	if err != nil || port == "" {
		r.fault(name, "%q is not of the form address:port", at)
		return "", ""
	}
	r.port(name, port, at, 0)
	return host, port
}

// folder is the data folder, of every command.
func (r *reader) folder() string {
	dir := r.text("data")
	if dir == "" {
		r.fault("data", "it is empty: name the data folder")
		return ""
	}
	return filepath.Clean(dir)
}

// dialects reads who may sign in and register where.
func (r *reader) dialects(c *serveConfig) {
	c.admit, c.signUp = r.list("admit"), r.list("sign-up")
	for _, name := range c.admit {
		if !slices.Contains(dialect.Names(), name) {
			r.fault("admit", "%q is no API: say some of %s, or none alone", name, strings.Join(dialect.Names(), ", "))
		}
	}
	for _, name := range c.signUp {
		switch {
		case !slices.Contains(dialect.Registers(), name):
			r.fault("sign-up", "%q is no API that registers accounts: say some of %s, or none alone", name, strings.Join(dialect.Registers(), ", "))
		case len(c.admit) == 0:
			r.fault("sign-up", "who registers in %s could not sign in anywhere: add it to --admit, or leave it out of --sign-up (say --sign-up none)", name)
		case !slices.Contains(c.admit, name):
			r.fault("sign-up", "who registers in %s could not sign in there: add it to --admit, or leave it out of --sign-up", name)
		}
	}
}

func (r *reader) shoopStatus() int {
	switch raw := r.text("shoop-status"); raw {
	case "0":
	case "200":
		return 200
	default:
		r.fault("shoop-status", "%q is neither 0 nor 200", raw)
	}
	return 0
}

func (r *reader) lifetime() time.Duration {
	raw := r.text("session-lifetime")
	d, err := time.ParseDuration(raw)
	if err != nil || d < shortestLifetime || d > longestLifetime {
		r.fault("session-lifetime", "%q is not a duration from 1m to 9600h, such as 720h", raw)
	}
	return d
}

// argon2 reads what a password hash costs.
func (r *reader) argon2() password.Params {
	p := password.Default
	p.Memory = uint32(r.number("argon2-memory", 7, 256)) << 10
	p.Time = uint32(r.number("argon2-time", 1, 10))
	if err := p.Validate(); err != nil && r.err == nil {
		r.fault("argon2-memory", "%v", err)
	}
	return p
}

func (r *reader) origins() (origins []string) {
	for _, raw := range r.list("cors-origin") {
		if o := r.origin("cors-origin", raw, true).String(); o == raw {
			origins = append(origins, o)
		} else {
			r.fault("cors-origin", "%q is not how a browser writes an origin: say %q", raw, o)
		}
	}
	return origins
}

func (r *reader) proxies() (nets []netip.Prefix) {
	for _, raw := range r.list("trusted-proxies") {
		p, err := netip.ParsePrefix(raw)
		if addr, bad := netip.ParseAddr(raw); bad == nil {
			addr = addr.Unmap().WithZone("")
			p, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil || p.Bits() == 0 || p.Addr().Is4In6() {
			r.fault("trusted-proxies", "%q is neither an address nor a network such as 10.0.0.0/8", raw)
			continue
		}
		nets = append(nets, p.Masked())
	}
	return nets
}

// logs reads how the log is written.
func (r *reader) logs(c *serveConfig, onTerminal bool) {
	switch format := r.text("log-format"); format {
	case "":
		c.logText = onTerminal
	case "text", "json":
		c.logText = format == "text"
	default:
		r.fault("log-format", "%q is neither json nor text", format)
	}
	raw := r.text("log-level")
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, raw) || c.logLevel.UnmarshalText([]byte(raw)) != nil {
		r.fault("log-level", "%q is none of debug, info, warn, error", raw)
	}
}

// settle fills in what is known only once the server listens.
func (c *serveConfig) settle(listening net.Addr) {
	if c.publicURL == "" {
		c.publicURL = c.scheme() + "://" + listening.String()
	}
	c.settleSender()
}

// settleSender fills in the address that mail comes from.
func (c *serveConfig) settleSender() {
	if c.mailFrom != "" {
		return
	}
	host := "localhost"
	if u, err := url.Parse(c.publicURL); err == nil && u.Hostname() != "" {
		if _, numeric := netip.ParseAddr(u.Hostname()); numeric != nil {
			host = u.Hostname()
		}
	}
	c.mailFrom = "kunci@" + host
}
