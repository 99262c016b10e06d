package cli_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// serial is that of the certificate which a server shows.
func serial(t *testing.T, addr string, a *authority) int64 {
	t.Helper()
	state, err := shake(addr, "auth.example.com", a.pool)
	if err != nil {
		t.Fatal(err)
	}
	return state.PeerCertificates[0].SerialNumber.Int64()
}

// servePair starts a server with a certificate in files, and says where it is.
func servePair(t *testing.T, certFile, keyFile string, more ...string) (p *process, addr, data string) {
	t.Helper()
	data = filepath.Join(t.TempDir(), "data")
	p = launch(t, program(t, append([]string{
		"serve", "--data", data, "--listen", "127.0.0.1:0", "--public-url", publicURL, "--tls-cert", certFile, "--tls-key", keyFile,
	}, more...)...))
	return p, p.says(t, `"url":"https://([^"\s]+)/"`)[1], data
}

// A pair of files is served, read again at SIGHUP, and kept where it can't be.
func TestCertificateInFiles(t *testing.T) {
	t.Parallel()
	dir, ca := t.TempDir(), newAuthority(t)
	certFile, keyFile := ca.issue(t, dir, "auth.example.com", 11, time.Now().Add(time.Hour))
	p, addr, data := servePair(t, certFile, keyFile, "--metrics-listen", "127.0.0.1:0")
	if got := serial(t, addr, ca); got != 11 {
		t.Errorf("certificate %d is served", got)
	}
	state, err := shake(addr, "auth.example.com", ca.pool)
	if err != nil {
		t.Fatal(err)
	}
	_, numbers := p.scrape(t)
	if got, err := strconv.ParseFloat(numbers["kunci_certificate_not_after_timestamp_seconds"], 64); err != nil || int64(got) != state.PeerCertificates[0].NotAfter.Unix() {
		t.Errorf("it ends at %v, %v", got, err)
	}
	if got := done(client(addr, ca.pool).Get(publicURL + "/healthz"))(t); got.ProtoMajor != 2 || got.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("%s %v", got.Proto, got.Header)
	}
	if got := done(client(addr, nil).Get("http://" + addr + "/"))(t); got.StatusCode != http.StatusBadRequest {
		t.Errorf("plain HTTP there: %s", got.Status)
	}
	if code, out, errs := ran(t, "healthcheck", "--data", data); code != 0 || out != "ready\n" {
		t.Errorf("healthcheck: %d %s%s", code, out, errs)
	}
	hangup := func(says string) string {
		t.Helper()
		already := len(p.text())
		if err := p.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
			if line := regexp.MustCompile(".*" + says + ".*").FindString(p.text()[already:]); line != "" {
				return line
			}
		}
		t.Fatalf("SIGHUP says nothing like %s\n%s", says, p.text())
		return ""
	}
	ca.issue(t, dir, "auth.example.com", 12, time.Now().Add(time.Hour))
	hangup("the certificate was reloaded")
	if got := serial(t, addr, ca); got != 12 {
		t.Errorf("after SIGHUP certificate %d is served", got)
	}
	for _, test := range []struct {
		says string
		harm func() error
	}{
		{"is no plain file", func() error { _ = os.Remove(keyFile); return os.Mkdir(keyFile, 0o700) }},
		{"no such file", func() error { return os.Remove(keyFile) }},
		{"is not the key of the certificate", func() error { return os.Rename(other(t, ca), keyFile) }},
		{"run chmod 600", func() error { return os.Chmod(keyFile, 0o644) }},
		{"failed to find any PEM data", func() error { return errors.Join(os.Chmod(keyFile, 0o600), os.WriteFile(certFile, nil, 0o600)) }},
		{"is longer than", func() error { return os.WriteFile(certFile, bytes.Repeat([]byte("\n"), 300<<10), 0o600) }},
	} {
		if err := test.harm(); err != nil {
			t.Fatal(err)
		}
		if line := hangup("the certificate was not reloaded"); !strings.Contains(line, test.says) || !strings.Contains(line, `"level":"ERROR"`) {
			t.Errorf("no %q in %s", test.says, line)
		}
		if got := serial(t, addr, ca); got != 12 {
			t.Errorf("%s: certificate %d is served", test.says, got)
		}
	}
	_ = os.Remove(keyFile)
	ca.issue(t, dir, "auth.example.com", 13, time.Now().Add(-time.Minute))
	hangup("the certificate has expired at .*replace --tls-cert")
	p.stop(t)
}

// other is the key of a certificate that is none of a test's.
func other(t *testing.T, ca *authority) string {
	t.Helper()
	_, keyFile := ca.issue(t, t.TempDir(), "auth.example.com", 99, time.Now().Add(time.Hour))
	return keyFile
}

// What speaks against a certificate is said, and it is served.
func TestDoubtfulCertificates(t *testing.T) {
	t.Parallel()
	for says, test := range map[string]struct {
		name string
		ends time.Time
	}{
		"the certificate has expired at 20":           {"auth.example.com", time.Now().Add(-time.Minute)},
		"the certificate is not for auth.example.com": {"other.example.com", time.Now().Add(time.Hour)},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ca := newAuthority(t)
			certFile, keyFile := ca.issue(t, t.TempDir(), test.name, 3, test.ends)
			p, addr, _ := servePair(t, certFile, keyFile)
			p.says(t, `"level":"WARN","msg":"`+says)
			conn, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true})
			if err != nil {
				t.Fatal(err)
			}
			_ = conn.Close()
			p.stop(t)
		})
	}
}

// SIGHUP ends no server, with and without a certificate.
func TestHangupWithoutCertificate(t *testing.T) {
	t.Parallel()
	p := serve(t, filepath.Join(t.TempDir(), "data"))
	for range 3 {
		if err := p.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	p.says(t, "SIGHUP: nothing to reload, settings are read at the start")
	if !answers(p.url + "/readyz") {
		t.Error("the server is gone")
	}
	p.stop(t)
}

// A key may be its group's, and both files may be reached by links, as packages
// and service managers lay them out.
func TestCertificateByLinks(t *testing.T) {
	t.Parallel()
	dir, ca := t.TempDir(), newAuthority(t)
	certFile, keyFile := ca.issue(t, dir, "auth.example.com", 11, time.Now().Add(time.Hour))
	if err := os.Chmod(keyFile, 0o440); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{certFile, keyFile} {
		if err := os.Symlink(path, path+".link"); err != nil {
			t.Fatal(err)
		}
	}
	p, addr, _ := servePair(t, certFile+".link", keyFile+".link")
	if got := serial(t, addr, ca); got != 11 {
		t.Errorf("certificate %d is served", got)
	}
	p.stop(t)
}
