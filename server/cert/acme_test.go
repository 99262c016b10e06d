package cert_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kunci/server/cert"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// selfSigned is a certificate for a name with its key, in PEM.
func selfSigned(t *testing.T, name string, ends time.Time) (chain, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	of := &x509.Certificate{SerialNumber: big.NewInt(7), DNSNames: []string{name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: ends}
	der, err := x509.CreateCertificate(rand.Reader, of, of, &private.PublicKey, private)
	must(t, err)
	raw, err := x509.MarshalECPrivateKey(private)
	must(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: raw})
}

// keep puts a certificate where an ACME looks for it.
func keep(t *testing.T, dir, file, name string, ends time.Time, mode os.FileMode) {
	t.Helper()
	chain, key := selfSigned(t, name, ends)
	must(t, os.WriteFile(filepath.Join(dir, file+ofCA), append(key, chain...), mode))
	must(t, os.Chmod(filepath.Join(dir, file+ofCA), mode))
}

// ofCA is how what newACME's CA has issued is told from what others have.
const ofCA = "@127.0.0.1:1-c8f00a48"

func newACME(dir string, names ...string) *cert.ACME {
	return cert.NewACME(cert.ACMEConfig{Names: names, Folder: dir, Directory: "https://127.0.0.1:1/", Log: slog.New(slog.DiscardHandler)})
}

// shake makes one handshake with a configuration, for a name.
func shake(t *testing.T, c *tls.Config, name string, protocols ...string) error {
	t.Helper()
	ours, theirs := net.Pipe()
	defer func() { _ = ours.Close(); _ = theirs.Close() }()
	go func() {
		_ = tls.Server(theirs, c).Handshake()
		_ = theirs.Close()
	}()
	must(t, ours.SetDeadline(time.Now().Add(10*time.Second)))
	return tls.Client(ours, &tls.Config{ServerName: name, InsecureSkipVerify: true, NextProtos: protocols}).Handshake()
}

// What was kept is served from the first handshake on; no handshake, whatever it
// asks for, reaches out for more.
func TestKeptCertificates(t *testing.T) {
	t.Parallel()
	dir, ends := t.TempDir(), time.Now().Add(60*24*time.Hour).UTC().Truncate(time.Second)
	keep(t, dir, "a.example", "a.example", ends, 0o600)
	keep(t, dir, "old.example", "old.example", time.Now().Add(-time.Minute), 0o600)
	keep(t, dir, "other.example", "a.example", ends, 0o600)
	keep(t, dir, "open.example", "open.example", ends, 0o644)
	must(t, os.WriteFile(filepath.Join(dir, "broken.example"+ofCA), []byte("-----BEGIN EC PRIVATE KEY-----\n"), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, ".new-half"), nil, 0o600))
	a := newACME(dir, "a.example")
	if got := a.NotAfter(); !got.Equal(ends) {
		t.Errorf("it ends at %v, not %v", got, ends)
	}
	if _, err := os.Stat(filepath.Join(dir, ".new-half")); err == nil {
		t.Error("what a crash left is still there")
	}
	for _, elsewhere := range []string{cert.LetsEncrypt, "https://127.0.0.1:2/", "https://127.0.0.1:1/other"} {
		other := cert.NewACME(cert.ACMEConfig{Names: []string{"a.example"}, Folder: dir, Directory: elsewhere, Log: slog.New(slog.DiscardHandler)})
		if got := other.NotAfter(); !got.IsZero() {
			t.Errorf("%s is taken for who issued it", elsewhere)
		}
	}
	names := []string{"a.example", "old.example", "other.example", "open.example", "broken.example", "none.example"}
	all := newACME(dir, names...)
	if got := all.NotAfter(); !got.IsZero() {
		t.Errorf("with names that have none it ends at %v", got)
	}
	if missing := all.Retry(); missing != len(names)-1 {
		t.Errorf("%d names have no certificate, want %d", missing, len(names)-1)
	}
	for _, test := range []struct {
		name      string
		protocols []string
		ok        bool
	}{
		{"a.example", nil, true}, {"A.example", []string{"h2"}, true}, {"a.example", []string{"acme-tls/1"}, false},
		{"old.example", nil, false}, {"other.example", nil, false}, {"open.example", nil, false}, {"broken.example", nil, false},
		{"none.example", nil, false}, {"b.example", nil, false}, {"x.a.example", nil, false}, {"", nil, false},
	} {
		err := shake(t, all.TLS(), test.name, test.protocols...)
		if (err == nil) != test.ok {
			t.Errorf("%q %v: %v", test.name, test.protocols, err)
		}
		if err != nil && test.protocols == nil && !strings.Contains(err.Error(), "unrecognized name") {
			t.Errorf("%q: %v", test.name, err)
		}
	}
}

// Who asks as an ACME server does gets no file of ours, and costs none.
func TestChallengesOfStrangers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "x+http-01"+ofCA), []byte("x"), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "acme_account+key"+ofCA), []byte("secret"), 0o600))
	answers := newACME(dir, "a.example").Challenges()
	for _, path := range []string{"x", "acme_account+key", "../acme_account+key", "..", ".", "", "a/b"} {
		r := httptest.NewRequest("GET", "http://a.example/.well-known/acme-challenge/"+path, nil)
		w := httptest.NewRecorder()
		answers.ServeHTTP(w, r)
		if w.Code != 404 || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%q: %d %s", path, w.Code, w.Body)
		}
	}
	w := httptest.NewRecorder()
	answers.ServeHTTP(w, httptest.NewRequest("GET", "http://b.example/.well-known/acme-challenge/x", nil))
	if w.Code != 403 {
		t.Errorf("a name that is not listed: %d", w.Code)
	}
}
