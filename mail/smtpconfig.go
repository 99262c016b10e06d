package mail

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"time"
)

// The values of SMTPConfig.TLS.
const (
	STARTTLS    = "starttls" // begin in plain text, refuse to go on without TLS; the default
	ImplicitTLS = "tls"      // TLS from the first byte
	NoTLS       = "none"     // plain text, to a loopback host only
)

// DefaultTimeout bounds one delivery over SMTP, from dialling to the server's word that it has the mail.
const DefaultTimeout = 30 * time.Second

// SMTPConfig says how to reach the server that takes our mails.
type SMTPConfig struct {
	Host     string         // name or IP address; the certificate must be for it
	Port     int            // 0: 587, or 465 with ImplicitTLS
	Username string         // empty: no sign-in
	Password string         // with Username, and only with it
	TLS      string         // STARTTLS (also if empty), ImplicitTLS or NoTLS
	From     string         // envelope sender, where bounces go; empty: the letter's From
	Timeout  time.Duration  // 0: DefaultTimeout
	RootCAs  *x509.CertPool // nil: the system's
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\.?$`)

// complete fills in the defaults and refuses what cannot work or is not safe.
func (cfg SMTPConfig) complete() (SMTPConfig, error) {
	if cfg.TLS == "" {
		cfg.TLS = STARTTLS
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	if cfg.Port == 0 {
		cfg.Port = defaultPort(cfg.TLS)
	}
	if _, err := netip.ParseAddr(cfg.Host); err != nil && !hostName.MatchString(cfg.Host) {
		return cfg, errors.New("mail: SMTP host: neither a host name nor an IP address")
	}
	switch {
	case cfg.Port < 1 || cfg.Port > 65535:
		return cfg, errors.New("mail: SMTP port: not between 1 and 65535")
	case cfg.Timeout < 0:
		return cfg, errors.New("mail: SMTP timeout: negative")
	case cfg.TLS != STARTTLS && cfg.TLS != ImplicitTLS && cfg.TLS != NoTLS:
		return cfg, fmt.Errorf("mail: SMTP TLS: %q is not %s, %s or %s", cfg.TLS, STARTTLS, ImplicitTLS, NoTLS)
	case cfg.TLS == NoTLS && !isLoopback(cfg.Host):
		return cfg, fmt.Errorf("mail: SMTP without TLS is for loopback hosts only: use %s or %s", STARTTLS, ImplicitTLS)
	case (cfg.Username == "") != (cfg.Password == ""):
		return cfg, errors.New("mail: SMTP sign-in: a user name needs a password, and a password a user name")
	}
	if cfg.From != "" {
		if _, err := parseSender(cfg.From); err != nil {
			return cfg, err
		}
	}
	return cfg, nil
}

func (cfg SMTPConfig) addr() string { return net.JoinHostPort(cfg.Host, strconv.Itoa(cfg.Port)) }

func defaultPort(tls string) int {
	if tls == ImplicitTLS {
		return 465
	}
	return 587
}

// isLoopback goes by the name alone; the connection is checked again when it stands.
func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

// ParseSMTPURL reads a server from a setting: smtp://user@host:587 for STARTTLS,
// smtps://user@host:465 for TLS from the start, smtp://localhost:1025?tls=none for a server on
// this machine without TLS. A '@' in the user name is written %40. The password does not belong
// there, where every user of the machine could read it in the list of processes: it is refused.
// No error repeats the setting.
func ParseSMTPURL(s string) (SMTPConfig, error) {
	u, err := url.Parse(s)
	if err != nil || u.Opaque != "" || u.Hostname() == "" {
		return SMTPConfig{}, errors.New("mail: SMTP URL: not of the form smtp://user@host:587 or smtps://user@host:465")
	}
	if _, set := u.User.Password(); set {
		return SMTPConfig{}, errors.New("mail: SMTP URL: holds a password; give it by the setting for the password instead")
	}
	if u.Path != "" && u.Path != "/" || u.Fragment != "" {
		return SMTPConfig{}, errors.New("mail: SMTP URL: something follows the host")
	}
	cfg := SMTPConfig{Host: u.Hostname(), Username: u.User.Username()}
	if cfg.TLS, err = tlsMode(u); err != nil {
		return SMTPConfig{}, err
	}
	cfg.Port = defaultPort(cfg.TLS)
	if port := u.Port(); port != "" {
		if cfg.Port, err = strconv.Atoi(port); err != nil || cfg.Port < 1 || cfg.Port > 65535 {
			return SMTPConfig{}, errors.New("mail: SMTP URL: the port is not between 1 and 65535")
		}
	}
	return cfg, nil
}

// tlsMode reads how the connection is protected: the scheme says, and only smtp leaves a choice.
func tlsMode(u *url.URL) (string, error) {
	query, err := url.ParseQuery(u.RawQuery)
	wish := query.Get("tls")
	plain := u.RawQuery == ""
	switch {
	case err != nil, !plain && (len(query) != 1 || len(query["tls"]) != 1):
		return "", errors.New("mail: SMTP URL: the only parameter is tls, given once")
	case u.Scheme == "smtps" && (plain || wish == ImplicitTLS):
		return ImplicitTLS, nil
	case u.Scheme == "smtp" && (plain || wish == STARTTLS):
		return STARTTLS, nil
	case u.Scheme == "smtp" && wish == NoTLS:
		return NoTLS, nil
	case u.Scheme != "smtp" && u.Scheme != "smtps":
		return "", errors.New("mail: SMTP URL: the scheme is neither smtp nor smtps")
	}
	return "", fmt.Errorf("mail: SMTP URL: tls is %s or %s with smtp, %s with smtps", STARTTLS, NoTLS, ImplicitTLS)
}
