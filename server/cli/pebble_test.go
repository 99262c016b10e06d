package cli_test

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// pebble is an ACME server that looks at the ports which it is told of.
type pebble struct {
	*process
	directory, ca string
	roots         *x509.CertPool // of what it issues
}

func startPebble(t *testing.T, httpPort, tlsPort string) *pebble {
	t.Helper()
	return startPebbleFor(t, httpPort, tlsPort, 24*time.Hour)
}

// startPebbleFor is startPebble with certificates that last so long.
func startPebbleFor(t *testing.T, httpPort, tlsPort string, lasts time.Duration) *pebble {
	t.Helper()
	needs(t, "pebble", "pebble-challtestsrv") // Debian's package pebble
	dir, own := t.TempDir(), newAuthority(t)
	certFile, keyFile := own.issue(t, dir, "localhost", 2, time.Now().Add(time.Hour))
	listen, manage, dns := freeAddr(t), freeAddr(t), freeAddr(t)
	config := done(json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": listen, "managementListenAddress": manage, "certificate": certFile, "privateKey": keyFile,
		"httpPort": done(json.Number(httpPort).Int64())(t), "tlsPort": done(json.Number(tlsPort).Int64())(t),
		"certificateValidityPeriod": int(lasts.Seconds()),
	}}))(t)
	if err := os.WriteFile(filepath.Join(dir, "pebble.json"), config, 0o600); err != nil {
		t.Fatal(err)
	}
	launch(t, exec.Command("pebble-challtestsrv", "-defaultIPv6", "", "-dns01", dns, "-http01", "", "-https01", "", "-tlsalpn01", "", "-management", freeAddr(t)))
	cmd := exec.Command("pebble", "-config", filepath.Join(dir, "pebble.json"), "-dnsserver", dns, "-strict")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "PEBBLE_VA_NOSLEEP=1", "PEBBLE_AUTHZREUSE=0"}
	p := &pebble{process: launch(t, cmd), directory: "https://localhost:" + port(t, listen) + "/dir", ca: filepath.Join(dir, "ca.pem"), roots: x509.NewCertPool()}
	writePEM(t, p.ca, "CERTIFICATE", own.cert.Raw)
	for _, addr := range []string{dns, manage, listen} {
		accepts(t, p.process, addr)
	}
	root := done(client(manage, own.pool).Get("https://localhost/roots/0"))(t)
	p.roots.AppendCertsFromPEM(done(io.ReadAll(root.Body))(t))
	return p
}

// accepts waits until somebody listens at an address.
func accepts(t *testing.T, p *process, addr string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if conn, err := net.Dial("tcp", addr); err == nil {
			_ = conn.Close()
			return
		}
	}
	t.Fatalf("nobody listens at %s\n%s", addr, p.text())
}

// shake makes one handshake, with the name that is asked for.
func shake(addr, name string, roots *x509.CertPool, protocols ...string) (tls.ConnectionState, error) {
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 10 * time.Second}, "tcp", addr, &tls.Config{ServerName: name, RootCAs: roots, NextProtos: protocols})
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer func() { _ = conn.Close() }()
	return conn.ConnectionState(), nil
}

// A server that --domain names gets its certificates by itself: by either kind
// of challenge, once, and only for what is listed.
func TestCertificatesByACME(t *testing.T) {
	t.Parallel()
	for kind, broken := range map[string]struct{ http, tls bool }{"tls-alpn-01": {http: true}, "http-01": {tls: true}} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			secure, plain, data := freeAddr(t), freeAddr(t), filepath.Join(t.TempDir(), "data")
			httpPort, tlsPort := port(t, plain), port(t, secure)
			if broken.http {
				httpPort = port(t, freeAddr(t))
			}
			if broken.tls {
				tlsPort = port(t, freeAddr(t))
			}
			ca := startPebble(t, httpPort, tlsPort)
			args := []string{
				"serve", "--data", data, "--listen", secure, "--http-listen", plain,
				"--domain", "Auth.kunci.test,bücher.kunci.test", "--acme-url", ca.directory, "--acme-ca", ca.ca, "--acme-email", "ops@kunci.test",
			}
			p := launch(t, program(t, args...))
			first := certified(t, p, ca, secure)
			answersByHTTPS(t, client(secure, ca.roots))
			plainly(t, client(plain, nil))
			refusesOthers(t, p, ca, secure)
			keptPrivately(t, filepath.Join(data, "certs"), ca)
			if code, out, errs := ran(t, "healthcheck", "--data", data); code != 0 || out != "ready\n" {
				t.Errorf("healthcheck: %d %s%s", code, out, errs)
			}
			p.stop(t)

			before := orders(ca)
			p = launch(t, program(t, args...))
			p.says(t, "the certificate is that of the last start")
			if again := certified(t, p, ca, secure); again != first {
				t.Error("a restart has another certificate")
			}
			p.stop(t)
			if after := orders(ca); after != before || before < 2 {
				t.Errorf("%d orders before a restart, %d after", before, after)
			}
		})
	}
}

func orders(ca *pebble) int { return strings.Count(ca.text(), "POST /order-plz") }

// certified waits for both certificates, and returns what tells them from others.
func certified(t *testing.T, p *process, ca *pebble, addr string) (serials string) {
	t.Helper()
	for _, name := range []string{"auth.kunci.test", "xn--bcher-kva.kunci.test"} {
		p.says(t, `(a certificate was issued|that of the last start)","name":"`+name)
		state, err := shake(addr, name, ca.roots, "h2", "http/1.1")
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, p.text())
		}
		if leaf := state.PeerCertificates[0]; len(leaf.DNSNames) != 1 || leaf.DNSNames[0] != name || state.NegotiatedProtocol != "h2" || state.Version != tls.VersionTLS13 {
			t.Errorf("%v by %s in TLS %x", leaf.DNSNames, state.NegotiatedProtocol, state.Version)
		}
		serials += state.PeerCertificates[0].SerialNumber.String() + " "
	}
	return serials
}

func answersByHTTPS(t *testing.T, c *http.Client) {
	t.Helper()
	got := done(c.Get("https://auth.kunci.test/healthz"))(t)
	if got.StatusCode != 200 || got.ProtoMajor != 2 || got.Header.Get("Strict-Transport-Security") != "max-age=2592000" {
		t.Errorf("%s %s %v", got.Proto, got.Status, got.Header)
	}
	got = done(c.Post("https://auth.kunci.test/api/v2/auth/login", "application/x-www-form-urlencoded", strings.NewReader("email=a@b.example&password=x")))(t)
	if got.StatusCode != 401 {
		t.Errorf("a wrong password is answered with %s", got.Status)
	}
}

// plainly asks without https: only a browser that opens a page is led on.
func plainly(t *testing.T, c *http.Client) {
	t.Helper()
	const own = "http://auth.kunci.test"
	for _, test := range []struct {
		method, url string
		status      int
		location    string
	}{
		{"GET", own + "/", 301, "https://auth.kunci.test/"},
		{"HEAD", own + "/", 301, "https://auth.kunci.test/"},
		{"GET", "http://AUTH.kunci.test:80/reset-password?token=a%2Fb&x=1", 301, "https://auth.kunci.test/reset-password?token=a%2Fb&x=1"},
		{"GET", "http://xn--bcher-kva.kunci.test/confirm", 301, "https://xn--bcher-kva.kunci.test/confirm"},
		{"POST", own + "/", 403, ""},
		{"POST", own + "/reset-password", 403, ""},
		{"POST", own + "/api/v2/auth/login", 403, ""},
		{"GET", own + "/api/auth/me", 403, ""},
		{"GET", own + "/healthz", 403, ""},
		{"OPTIONS", own + "/", 403, ""},
		{"GET", own + "//evil.example/", 403, ""},
		{"GET", own + "/%72eset-password", 403, ""},
		{"GET", own + "/.well-known/acme-challenge/none", 404, ""},
		{"GET", own + "/.well-known/acme-challenge/..%2Facme_account+key", 404, ""},
		{"POST", own + "/.well-known/acme-challenge/none", 403, ""},
		{"GET", "http://evil.example/", 421, ""},
		{"GET", "http://127.0.0.1/", 421, ""},
		{"GET", "http://evil.example/.well-known/acme-challenge/none", 421, ""},
	} {
		r := done(http.NewRequest(test.method, test.url, strings.NewReader("password=secret")))(t)
		got := done(c.Do(r))(t)
		body := string(done(io.ReadAll(got.Body))(t))
		if got.StatusCode != test.status || got.Header.Get("Location") != test.location {
			t.Errorf("%s %s: %d to %q, want %d to %q", test.method, test.url, got.StatusCode, got.Header.Get("Location"), test.status, test.location)
		}
		if test.status == 403 && !strings.Contains(body, "use https") {
			t.Errorf("%s %s says %s", test.method, test.url, body)
		}
		if got.Header.Get("Strict-Transport-Security") != "" {
			t.Errorf("%s is told to be strict in clear", test.url) // RFC 6797 7.2
		}
	}
}

// refusesOthers: what is not listed is refused at once, and orders nothing.
func refusesOthers(t *testing.T, p *process, ca *pebble, addr string) {
	t.Helper()
	before := orders(ca)
	for _, test := range []struct {
		name      string
		protocols []string
	}{
		{"other.kunci.test", nil}, {"sub.auth.kunci.test", nil}, {"kunci.test", nil}, {"auth.kunci.test.evil.example", nil}, {"", nil},
		{"other.kunci.test", []string{"acme-tls/1"}}, {"auth.kunci.test", []string{"acme-tls/1"}},
	} {
		begin := time.Now()
		conn, err := tls.Dial("tcp", addr, &tls.Config{ServerName: test.name, InsecureSkipVerify: true, NextProtos: test.protocols})
		if err == nil {
			_ = conn.Close()
			t.Errorf("%q %v shakes hands", test.name, test.protocols)
		} else if took := time.Since(begin); took > 2*time.Second {
			t.Errorf("%q is refused after %v", test.name, took)
		}
	}
	old, err := tls.Dial("tcp", addr, &tls.Config{ServerName: "auth.kunci.test", RootCAs: ca.roots, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10})
	if err == nil {
		_ = old.Close()
		t.Error("TLS 1.1 shakes hands")
	}
	if after := orders(ca); after != before {
		t.Errorf("%d orders came of it\n%s", after-before, p.text())
	}
}

// keptPrivately looks at what is kept of an ACME server that is not everybody's.
func keptPrivately(t *testing.T, dir string, ca *pebble) {
	t.Helper()
	sum := sha256.Sum256([]byte(ca.directory))
	from := fmt.Sprintf("@%s-%x", strings.Split(ca.directory, "/")[2], sum[:4])
	var names []string
	for _, e := range done(os.ReadDir(dir))(t) {
		names = append(names, strings.TrimSuffix(e.Name(), from))
		if info := done(e.Info())(t); info.Mode() != 0o600 {
			t.Errorf("%s has mode %s", e.Name(), info.Mode())
		}
	}
	slices.Sort(names)
	if got := strings.Join(names, " "); got != "acme_account+key auth.kunci.test xn--bcher-kva.kunci.test" {
		t.Errorf("certs holds %s", got)
	}
	if info := done(os.Stat(dir))(t); info.Mode().Perm() != 0o700 {
		t.Errorf("certs has mode %s", info.Mode())
	}
}

// A certificate is renewed before it ends, without anybody asking.
func TestRenewal(t *testing.T) {
	if os.Getenv("TEST_LONG") == "" {
		t.Skip("it takes as long as a certificate lasts: TEST_LONG=1")
	}
	t.Parallel()
	secure := freeAddr(t)
	ca := startPebbleFor(t, port(t, freeAddr(t)), port(t, secure), 30*time.Second)
	p := launch(t, program(t, "serve", "--data", filepath.Join(t.TempDir(), "data"), "--listen", secure, "--http-listen", "none", "--domain", "auth.kunci.test", "--acme-url", ca.directory, "--acme-ca", ca.ca))
	p.says(t, "a certificate was issued")
	first := done(shake(secure, "auth.kunci.test", ca.roots))(t).PeerCertificates[0]
	for end := first.NotAfter; time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		now := done(shake(secure, "auth.kunci.test", ca.roots))(t).PeerCertificates[0]
		if !now.Equal(first) {
			t.Logf("%v before its end", time.Until(end))
			p.stop(t)
			return
		}
	}
	t.Errorf("it has ended, and was not renewed\n%s", p.text())
}

// Where no challenge can be answered the log says why, in the words of the ACME
// server, and the server stays up.
func TestCertificateThatIsRefused(t *testing.T) {
	t.Parallel()
	secure, plain, data := freeAddr(t), freeAddr(t), filepath.Join(t.TempDir(), "data")
	ca := startPebble(t, port(t, freeAddr(t)), port(t, freeAddr(t)))
	p := launch(t, program(t, "serve", "--data", data, "--listen", secure, "--http-listen", plain, "--domain", "auth.kunci.test", "--acme-url", ca.directory, "--acme-ca", ca.ca))
	line := p.says(t, `.*no certificate: see that DNS leads to this machine, and that its ports 80 and 443.*`)[0]
	for _, part := range []string{`"level":"ERROR"`, `"name":"auth.kunci.test"`, `"answer":"http-01: `, `"again_in":300`} {
		if !strings.Contains(line, part) {
			t.Errorf("no %s in %s", part, line)
		}
	}
	if _, err := shake(secure, "auth.kunci.test", ca.roots); err == nil || !strings.Contains(err.Error(), "unrecognized name") {
		t.Errorf("a handshake without a certificate: %v", err)
	}
	if code, out, errs := ran(t, "healthcheck", "--data", data); code != 0 || !strings.Contains(out, "failing: certificate") {
		t.Errorf("healthcheck: %d %s%s", code, out, errs)
	}
	p.stop(t)
}

// An ACME server whose certificate is not trusted is told nothing.
func TestACMEServerThatIsNotTrusted(t *testing.T) {
	t.Parallel()
	ca := startPebble(t, "1", "1")
	p := launch(t, program(t, "serve", "--data", filepath.Join(t.TempDir(), "data"), "--listen", "127.0.0.1:0", "--http-listen", "none", "--domain", "auth.kunci.test", "--acme-url", ca.directory))
	p.says(t, `the ACME server can't be reached.*unknown authority`)
	p.stop(t)
}
