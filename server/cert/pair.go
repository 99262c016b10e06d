package cert

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// mostBytes bounds what is read of a file: a long chain has a tenth of it.
const mostBytes = 256 << 10

// Pair is a certificate and its key in two files of PEM, read anew when told.
type Pair struct {
	certFile, keyFile string
	now               atomic.Pointer[tls.Certificate]
}

// NewPair reads both files. The first file begins with the server's
// certificate, then come those between it and the root. The key may be read by
// its group, as packages set it up and as systemd's credentials look, but by
// nobody else.
func NewPair(certFile, keyFile string) (*Pair, error) {
	p := &Pair{certFile: certFile, keyFile: keyFile}
	return p, p.Reload()
}

// Reload reads the files again. Where they can't be used the pair that was read
// before stays.
func (p *Pair) Reload() error {
	chain, err := readPrivate(p.certFile, 0) // it is public
	if err != nil {
		return err
	}
	key, err := readPrivate(p.keyFile, 0o027)
	if err != nil {
		return err
	}
	c, err := tls.X509KeyPair(chain, key)
	switch {
	case err == nil:
	case strings.Contains(err.Error(), "does not match"):
		return fmt.Errorf("cert: %s is not the key of the certificate in %s", p.keyFile, p.certFile)
	case bytes.Contains(key, []byte("ENCRYPTED")):
		return fmt.Errorf("cert: %s is encrypted: write it without a passphrase", p.keyFile)
	default: // none of these quotes what is in a file
		return fmt.Errorf("cert: %s and %s: %s", p.certFile, p.keyFile, strings.TrimPrefix(err.Error(), "tls: "))
	}
	p.now.Store(&c)
	return nil
}

// TLS is how a listener with this pair shakes hands.
func (p *Pair) TLS() *tls.Config {
	c := config()
	c.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return p.now.Load(), nil }
	return c
}

// NotAfter is when the certificate ends.
func (p *Pair) NotAfter() time.Time { return p.leaf().NotAfter }

// Failing says whether the certificate has ended or is about to.
func (p *Pair) Failing() bool { return ending(p.leaf(), time.Now()) }

// Doubt says what speaks against the certificate now, for a host that clients
// ask for; nil where nothing does. It is used all the same: some clients don't
// look, and an old one is better than none.
func (p *Pair) Doubt(host string) error {
	leaf, now := p.leaf(), time.Now()
	switch {
	case now.After(leaf.NotAfter):
		return fmt.Errorf("the certificate has expired at %s", leaf.NotAfter.Format(time.RFC3339))
	case now.Before(leaf.NotBefore):
		return fmt.Errorf("the certificate is valid from %s on only", leaf.NotBefore.Format(time.RFC3339))
	}
	if err := leaf.VerifyHostname(host); err != nil {
		return fmt.Errorf("the certificate is not for %s", host)
	}
	return nil
}

func (p *Pair) leaf() *x509.Certificate { return p.now.Load().Leaf }

// config is what every listener of ours has in common. HTTP/2 is the server's
// to offer.
func config() *tls.Config { return &tls.Config{MinVersion: tls.VersionTLS12} }

// readPrivate reads a plain file, to which a link may lead, and which nobody
// may reach by any of some bits of its mode.
func readPrivate(path string, nobody os.FileMode) (_ []byte, err error) {
	// Before opening: opening a pipe would wait for a writer.
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("cert: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("cert: %s is no plain file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cert: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if info, err = f.Stat(); err != nil {
		return nil, fmt.Errorf("cert: %w", err)
	}
	if info.Mode().Perm()&nobody != 0 {
		return nil, fmt.Errorf("cert: others can reach %s (mode %04o): run chmod 600 %s", path, info.Mode().Perm(), path)
	}
	b, err := io.ReadAll(io.LimitReader(f, mostBytes+1))
	if err != nil {
		return nil, fmt.Errorf("cert: %w", err)
	}
	if len(b) > mostBytes {
		return nil, fmt.Errorf("cert: %s is longer than %d bytes", path, mostBytes)
	}
	return b, nil
}
