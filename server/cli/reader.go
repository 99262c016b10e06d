package cli

import (
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	urfave "github.com/urfave/cli/v3"
)

// reader looks settings up: flag before environment before default. An empty
// variable counts as one that is not set. The first fault is kept in err.
type reader struct {
	cmd *urfave.Command
	env map[string]string
	dev bool
	own bool // certificates of its own, by --domain
	err error
}

func (p *program) reader(cmd *urfave.Command) *reader {
	r := &reader{cmd: cmd, env: p.env}
	r.dev = r.yes("dev")
	r.own = len(r.list("domain")) > 0
	return r
}

// fault says what is wrong with a setting and what it should be; where a
// format ends without saying what to do, where help is.
func (r *reader) fault(name, format string, args ...any) {
	text := ": " + fmt.Sprintf(format, args...)
	if !strings.Contains(format, ": ") {
		text += " (see kunci serve --help)"
	}
	r.refuse(name, text)
}

// refuse is fault where the text goes on right after the setting's name.
func (r *reader) refuse(name, text string) {
	if r.err == nil {
		r.err = &usageError{r.called(settingNamed(name)) + text}
	}
}

// called is a setting in a fault; a secret begins with the variable that it
// came from, if it did.
func (r *reader) called(s setting) string {
	flag := s.name + "-file"
	if s.kind == secret && !r.cmd.IsSet(flag) {
		for _, variable := range []string{s.variable(), s.variable() + "_FILE"} {
			if r.env[variable] != "" {
				return fmt.Sprintf("%s (--%s)", variable, flag)
			}
		}
	}
	return s.called()
}

// fallback is a setting's default beside the others.
func (r *reader) fallback(s setting) string {
	switch {
	case r.dev && s.devDef != "":
		return s.devDef
	case r.own && s.ownDef != "":
		return s.ownDef
	}
	return s.def
}

// given says whether somebody has set a setting.
func (r *reader) given(name string) bool {
	return r.cmd.IsSet(name) || r.env[settingNamed(name).variable()] != ""
}

// text is a setting's value, "" where there is none.
func (r *reader) text(name string) string {
	s := settingNamed(name)
	if r.cmd.IsSet(name) {
		return r.cmd.String(name)
	}
	if v := r.env[s.variable()]; v != "" {
		return v
	}
	return r.fallback(s)
}

// list is a setting's values. The word none, like an empty flag, is an empty
// list.
func (r *reader) list(name string) (values []string) {
	var raw []string
	if r.cmd.IsSet(name) {
		raw = r.cmd.StringSlice(name)
	} else {
		s := settingNamed(name)
		text := r.fallback(s)
		if v := r.env[s.variable()]; v != "" {
			text = v
		}
		raw = strings.Split(text, ",")
	}
	for _, v := range raw {
		if v = strings.TrimSpace(v); v != "" {
			values = append(values, v)
		}
	}
	if len(values) == 1 && values[0] == "none" {
		return nil
	}
	return values
}

func (r *reader) yes(name string) bool {
	if r.cmd.IsSet(name) {
		return r.cmd.Bool(name)
	}
	v := r.env[settingNamed(name).variable()]
	if v == "" {
		return false
	}
	on, err := strconv.ParseBool(v)
	if err != nil {
		r.fault(name, "%q is neither true nor false", v)
	}
	return on
}

// number is an integer from least to most.
func (r *reader) number(name string, least, most int) int {
	v := r.text(name)
	n, err := strconv.Atoi(v)
	if err != nil || n < least || n > most {
		r.fault(name, "%q is not a number from %d to %d", v, least, most)
	}
	return n
}

// secret is a secret's value, "" where there is none. No fault repeats it.
func (r *reader) secret(name string) string {
	s := settingNamed(name)
	value, path := r.env[s.variable()], r.env[s.variable()+"_FILE"]
	switch {
	case r.cmd.IsSet(name + "-file"):
		path = r.cmd.String(name + "-file")
	case value != "" && path != "":
		r.fault(name, "%s_FILE is set as well: unset one of them", s.variable())
		return ""
	case path == "":
		return value
	}
	text, err := readSecretFile(path)
	if err != nil {
		r.fault(name, "its file can't be used: %v: name another", err)
	}
	return text
}

// origin checks scheme and host of a URL that has nothing else, and returns
// it without a slash at its end and in lower case. http is for loopback hosts.
func (r *reader) origin(name, raw string, plainAnywhere bool) *url.URL {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Hostname() == "" || u.User != nil || u.Opaque != "" ||
		u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || strings.Contains(raw, "#") {
		r.fault(name, "%q is not of the form https://host or https://host:port", raw)
		return &url.URL{}
	}
	r.port(name, u.Port(), raw, 1)
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		r.fault(name, "%q begins with neither https:// nor http://", raw)
	case u.Scheme == "http" && !plainAnywhere && !isLoopbackHost(u.Hostname()):
		r.fault(name, "%q is http, which is for loopback hosts only: say https", raw)
	}
	return &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host)}
}

func (r *reader) port(name, port, of string, least uint64) {
	if n, err := strconv.ParseUint(port, 10, 16); port != "" && (err != nil || n < least) {
		r.fault(name, "the port in %q is not from %d to 65535", of, least)
	}
}

// endpoint checks the URL of a service that we ask: https, or http on
// loopback.
func (r *reader) endpoint(name string) string {
	raw := r.text(name)
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" ||
		u.Scheme != "https" && (u.Scheme != "http" || !isLoopbackHost(u.Hostname())) {
		r.fault(name, "%q is not a URL of the form https://host/path", raw)
	}
	return raw
}

func isLoopbackHost(host string) bool {
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && addr.Unmap().IsLoopback()
}
