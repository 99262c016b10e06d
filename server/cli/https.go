package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	netmail "net/mail"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"kunci/server"
	"kunci/server/cert"
)

// httpsConfig is what certificate there is to be: one of two kinds, or none.
type httpsConfig struct {
	acme  cert.ACMEConfig // Names are empty without --domain
	plain string          // where plain HTTP is answered beside HTTPS; "": nowhere
	pair  *cert.Pair      // nil without --tls-cert
}

// https reads who certifies us.
func (r *reader) https(c *serveConfig) {
	certFile, keyFile := r.text("tls-cert"), r.text("tls-key")
	switch {
	case r.own && certFile+keyFile != "":
		r.fault("domain", "it gets certificates by itself: leave --tls-cert and --tls-key out, or --domain")
	case r.own && c.dev:
		r.fault("domain", "it is of no use with --dev, which listens on loopback only: leave one of them out")
	case r.own:
		r.acme(c)
		return
	case certFile != "" && keyFile == "":
		r.fault("tls-key", "it is required beside --tls-cert")
	case certFile == "" && keyFile != "":
		r.fault("tls-cert", "it is required beside --tls-key")
	case certFile != "":
		var err error
		if c.https.pair, err = cert.NewPair(certFile, keyFile); err != nil {
			r.fault("tls-cert", "%s", strings.TrimPrefix(err.Error(), "cert: "))
		}
	}
	for _, name := range []string{"http-listen", "acme-url", "acme-email", "acme-ca"} {
		if r.given(name) {
			r.fault(name, "it is of no use without --domain")
		}
	}
}

func (r *reader) acme(c *serveConfig) {
	a := cert.ACMEConfig{
		Folder: filepath.Join(c.data, certs), Directory: r.endpoint("acme-url"), Email: r.text("acme-email"),
		UserAgent: "kunci/" + build().Version,
	}
	for _, raw := range r.list("domain") {
		host, err := cert.ASCII(raw)
		if err != nil {
			r.fault("domain", "%s", strings.TrimPrefix(err.Error(), "cert: "))
		} else if !slices.Contains(a.Names, host) {
			a.Names = append(a.Names, host)
		}
	}
	if addr, err := netmail.ParseAddress(a.Email); a.Email != "" && (err != nil || addr.Address != a.Email) {
		r.fault("acme-email", "%q is no e-mail address", a.Email)
	}
	if path := r.text("acme-ca"); path != "" {
		a.Roots = r.roots("acme-ca", path)
	}
	if c.https.plain = r.text("http-listen"); c.https.plain == "none" {
		c.https.plain = ""
	} else {
		r.place("http-listen", c.https.plain)
	}
	c.https.acme = a
}

// roots are the system's, and those in a file.
func (r *reader) roots(name, path string) *x509.CertPool {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // those of the file will do
	}
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		r.fault(name, "%s can't be read, or is no plain file", path)
		return pool
	}
	if text, err := os.ReadFile(path); err != nil || !pool.AppendCertsFromPEM(text) {
		r.fault(name, "%s holds no certificate in PEM", path)
	}
	return pool
}

// scheme is how the server is spoken to.
func (c *serveConfig) scheme() string {
	if c.https.pair != nil || len(c.https.acme.Names) > 0 {
		return "https"
	}
	return "http"
}

// secure is how the main listener shakes hands, nil where that is not for it
// to do, and says in the log what speaks against a certificate.
func (o *outside) secure(c *serveConfig, log *slog.Logger) *tls.Config {
	host := ""
	if u, err := url.Parse(c.publicURL); err == nil {
		host = u.Hostname()
	}
	switch {
	case c.https.pair != nil:
		o.pair, o.host = c.https.pair, host
		o.doubt(log)
		return o.pair.TLS()
	case len(c.https.acme.Names) > 0:
		if !slices.Contains(c.https.acme.Names, host) {
			log.Warn("the public URL's host is not in --domain: this server has no certificate for it", "public_url", c.publicURL)
		}
		a := c.https.acme
		a.Log = log
		o.acme = cert.NewACME(a)
		if o.plain != nil {
			o.challenges = o.acme.Challenges() // from now on it is asked that way as well
		}
		return o.acme.TLS()
	}
	return nil
}

func (o *outside) doubt(log *slog.Logger) {
	if err := o.pair.Doubt(o.host); err != nil {
		log.Warn(err.Error()+": replace --tls-cert and --tls-key, and send SIGHUP", "ends", o.pair.NotAfter())
	}
}

// certificates are what clients are shown, of either kind.
type certificates interface {
	NotAfter() time.Time // of the first that ends; zero while a name has none
	Failing() bool
}

// shown is nil where this server speaks no TLS itself.
func (o *outside) shown() certificates {
	switch {
	case o.pair != nil:
		return o.pair
	case o.acme != nil:
		return o.acme
	}
	return nil
}

// certificate is how what clients are shown fares.
func (o *outside) certificate() server.State {
	c := o.shown()
	if c == nil {
		return server.Off
	}
	return server.StateOf(!c.Failing())
}

// servePlain answers plain HTTP beside HTTPS until ctx ends, where there is a
// listener for it.
func (o *outside) servePlain(ctx context.Context, c *serveConfig, s *server.Server, log *slog.Logger) {
	if o.plain == nil {
		return
	}
	p := server.Plain{Hosts: c.https.acme.Names, Challenges: o.challenges}
	if err := s.ServePlain(ctx, o.plain, p); err != nil && ctx.Err() == nil {
		log.Error("plain HTTP is not answered any more", "cause", err.Error())
	}
}

// keepCertificates sees that there are certificates until ctx ends.
func (o *outside) keepCertificates(ctx context.Context) {
	if o.acme != nil {
		o.acme.Run(ctx)
	}
}
