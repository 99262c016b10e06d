package mail_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"kunci/mail"
)

// server is a real SMTP server on loopback, and what it was given.
type server struct {
	*smtp.Server
	addr       *net.TCPAddr
	mechanisms []string // offered for sign-in; the only pair is user, secret
	rcptErr    error    // answer to a recipient
	mailErr    error    // answer to a sender
	dataErr    error    // answer to a mail

	mu        sync.Mutex
	letters   []string
	envelopes []string // "from>to"
	secure    bool     // the last connection was under TLS
	signedIn  bool
}

// serve starts the server; with implicit, TLS comes first, otherwise the server's TLSConfig counts.
func (s *server) serve(t *testing.T, implicit *tls.Config) {
	t.Helper()
	s.Server = smtp.NewServer(s)
	s.Domain, s.AllowInsecureAuth, s.ErrorLog = "localhost", true, log.New(io.Discard, "", 0)
	if implicit == nil {
		s.TLSConfig = testTLS(t).server
	}
	s.listen(t, implicit)
}

func (s *server) listen(t *testing.T, implicit *tls.Config) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = l.Addr().(*net.TCPAddr)
	if implicit != nil {
		l = tls.NewListener(l, implicit)
	}
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
}

// NewSession is called when a client has said hello.
func (s *server) NewSession(c *smtp.Conn) (smtp.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, s.secure = c.TLSConnectionState()
	return &session{server: s}, nil
}

func (s *server) received() (letters, envelopes []string, secure, signedIn bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.letters, s.envelopes, s.secure, s.signedIn
}

type session struct {
	server *server
	from   string
	to     string
}

func (s *session) AuthMechanisms() []string { return s.server.mechanisms }

func (s *session) Auth(mechanism string) (sasl.Server, error) {
	check := func(user, password string) error {
		if user != "user" || password != "secret" {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "no " + password + " for you"}
		}
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		s.server.signedIn = true
		return nil
	}
	if mechanism == "LOGIN" {
		return &loginServer{check: check}, nil
	}
	return sasl.NewPlainServer(func(_, user, password string) error { return check(user, password) }), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return s.server.mailErr
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	return s.server.rcptErr
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.letters = append(s.server.letters, string(raw))
	s.server.envelopes = append(s.server.envelopes, s.from+">"+s.to)
	return s.server.dataErr
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// loginServer is the server's side of the LOGIN mechanism.
type loginServer struct {
	check func(user, password string) error
	user  string
	step  int
}

func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	l.step++
	switch l.step {
	case 1:
		return []byte("Username:"), false, nil
	case 2:
		l.user = string(response)
		return []byte("Password:"), false, nil
	case 3:
		return nil, true, l.check(l.user, string(response))
	}
	return nil, false, errors.New("too many steps")
}

// certificates are a server's, for 127.0.0.1, and the pool that trusts it.
type certificates struct {
	server *tls.Config
	pool   *x509.CertPool
}

var testTLSOnce = sync.OnceValues(makeCertificates)

func testTLS(t *testing.T) certificates {
	t.Helper()
	c, err := testTLSOnce()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func makeCertificates() (certificates, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return certificates{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return certificates{}, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return certificates{}, err
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	server := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
	return certificates{server: server, pool: pool}, nil
}

// config is a client's that fits the server.
func (s *server) config(t *testing.T, mode string) mail.SMTPConfig {
	t.Helper()
	return mail.SMTPConfig{Host: "127.0.0.1", Port: s.addr.Port, TLS: mode, RootCAs: testTLS(t).pool, Timeout: 5 * time.Second}
}
