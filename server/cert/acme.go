package cert

import (
	"context"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// LetsEncrypt is the directory of the CA that everybody can use.
const LetsEncrypt = autocert.DefaultACMEDirectory

// ACMEConfig is what an ACME is made of.
type ACMEConfig struct {
	Names     []string       // hosts, as ASCII returns them; each gets a certificate of its own
	Folder    string         // where certificates are kept, those of each Directory apart; made when the first is issued
	Directory string         // URL of the ACME server's directory
	Email     string         // told to the ACME server; "": none
	Roots     *x509.CertPool // whom the ACME server's own certificate may be from; nil: the system's
	UserAgent string
	Log       *slog.Logger
}

// ACME has certificates issued and renewed by an ACME server, whose terms of
// service it accepts.
type ACME struct {
	manager *autocert.Manager
	names   map[string]*name
	order   []*name
	heard   *heard
	ACMEConfig
}

// name is a host that is listed.
type name struct {
	host  string
	leaf  atomic.Pointer[x509.Certificate] // nil: there is no certificate yet
	again chan struct{}                    // has a place for one wish not to wait
}

// NewACME makes an ACME, with the certificates that it kept.
func NewACME(c ACMEConfig) *ACME {
	transport := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		TLSClientConfig:     &tls.Config{RootCAs: c.Roots, MinVersion: tls.VersionTLS12},
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second,
		IdleConnTimeout:     time.Minute,
		ForceAttemptHTTP2:   true,
	}
	a := &ACME{ACMEConfig: c, names: map[string]*name{}, heard: &heard{inner: transport, of: map[string]string{}}}
	a.manager = &autocert.Manager{
		Prompt: autocert.AcceptTOS, Cache: issued{folderOf(c), c.Log}, Email: c.Email,
		HostPolicy: autocert.HostWhitelist(c.Names...),
		Client: &acme.Client{
			DirectoryURL: c.Directory, UserAgent: c.UserAgent,
			HTTPClient: &http.Client{Transport: a.heard, Timeout: 30 * time.Second},
		},
	}
	folderOf(c).tidy()
	for _, host := range c.Names {
		n := &name{host: host, again: make(chan struct{}, 1)}
		a.names[host], a.order = n, append(a.order, n)
		if a.kept(host) {
			_ = a.obtain(n) // from the folder, without a word to the ACME server
		}
	}
	return a
}

// kept says whether the folder has a certificate of a host that can be used, and
// that autocert reads: for any other, obtain would ask the ACME server.
func (a *ACME) kept(host string) bool {
	b, err := folderOf(a.ACMEConfig).Get(context.Background(), host)
	if err != nil {
		return false
	}
	if first, _ := pem.Decode(b); first == nil || !strings.Contains(first.Type, "PRIVATE") {
		return false
	}
	c, err := tls.X509KeyPair(b, b)
	if err != nil {
		return false
	}
	_, ecdsaKey := c.PrivateKey.(*ecdsa.PrivateKey)
	return ecdsaKey && c.Leaf.VerifyHostname(host) == nil &&
		time.Now().After(c.Leaf.NotBefore) && time.Now().Before(c.Leaf.NotAfter)
}

// TLS is how a listener shakes hands. A name that is not listed gets the alert
// for that, at once; a listed one that has no certificate yet as well.
func (a *ACME) TLS() *tls.Config {
	c := config()
	c.NextProtos = []string{"h2", "http/1.1", acme.ALPNProto}
	c.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		n, listed := a.names[strings.ToLower(hello.ServerName)]
		switch {
		case !listed:
			return nil, nil // unrecognized_name (RFC 6066 3)
		case len(hello.SupportedProtos) == 1 && hello.SupportedProtos[0] == acme.ALPNProto:
			return a.manager.GetCertificate(hello) // the ACME server's own question (RFC 8737)
		case n.leaf.Load() == nil:
			return nil, nil
		}
		return a.manager.GetCertificate(asking(n.host))
	}
	return c
}

// asking is a handshake that asks for a host's certificate. All are for ECDSA,
// which whoever speaks TLS 1.2 knows: a second one for RSA would be ordered
// when strangers say that they know nothing else.
func asking(host string) *tls.ClientHelloInfo {
	return &tls.ClientHelloInfo{ServerName: host, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}}
}

// obtain takes a host's certificate from memory, from the folder, or from the
// ACME server, which can take minutes.
func (a *ACME) obtain(n *name) error {
	c, err := a.manager.GetCertificate(asking(n.host))
	if err == nil {
		n.leaf.Store(c.Leaf)
	}
	return err
}

// Challenges answers what the ACME server asks by http-01 below
// /.well-known/acme-challenge/ (RFC 8555 8.3), of requests whose Host is a name
// without a port. Without it only tls-alpn-01 is tried. It must be called
// before Run.
func (a *ACME) Challenges() http.Handler { return a.manager.HTTPHandler(http.NotFoundHandler()) }

// NotAfter is when the first of the certificates ends; zero while a name has
// none.
func (a *ACME) NotAfter() (first time.Time) {
	for _, n := range a.order {
		leaf := a.now(n)
		if leaf == nil {
			return time.Time{}
		}
		if first.IsZero() || leaf.NotAfter.Before(first) {
			first = leaf.NotAfter
		}
	}
	return first
}

// Failing says whether a name has no certificate, or one that has ended or is
// about to.
func (a *ACME) Failing() bool {
	return slices.ContainsFunc(a.order, func(n *name) bool {
		leaf := a.now(n)
		return leaf == nil || ending(leaf, time.Now())
	})
}

// now is the certificate that a name is shown, from memory: it may have been
// renewed. nil while there is none.
func (a *ACME) now(n *name) *x509.Certificate {
	if n.leaf.Load() == nil || a.obtain(n) != nil {
		return nil
	}
	return n.leaf.Load()
}

// Retry asks for what is missing without waiting until it would be asked for
// again by itself, and says how many names that are.
func (a *ACME) Retry() (missing int) {
	for _, n := range a.order {
		if n.leaf.Load() != nil {
			continue
		}
		missing++
		select {
		case n.again <- struct{}{}:
		default:
		}
	}
	return missing
}

// Run sees that every name has a certificate and keeps it, until ctx ends. The
// listeners must answer by then.
func (a *ACME) Run(ctx context.Context) {
	var all sync.WaitGroup
	for _, n := range a.order {
		all.Go(func() { a.keep(ctx, n) })
	}
	all.Wait()
}

// errStopped says that nobody waits for what was asked for any more.
var errStopped = errors.New("cert: stopped")
