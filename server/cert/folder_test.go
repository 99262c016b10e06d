package cert

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/acme/autocert"
)

// A certificate that can't be written is served all the same, and the log says
// why it will not outlive the server; an account key that can't be is no account.
func TestCertificateThatCantBeKept(t *testing.T) {
	t.Parallel()
	inTheWay := filepath.Join(t.TempDir(), "certs")
	if err := os.WriteFile(inTheWay, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	var cache autocert.Cache = issued{folder{dir: inTheWay}, slog.New(slog.NewTextHandler(&log, nil))}
	if err := cache.Put(t.Context(), "acme_account+key", []byte("key")); err == nil || log.Len() > 0 {
		t.Errorf("an account key: %v, %s", err, log.String())
	}
	if err := cache.Put(t.Context(), "auth.example.com", []byte("certificate")); err != nil {
		t.Errorf("a certificate: %v", err)
	}
	if got := log.String(); !strings.Contains(got, "name=auth.example.com") || strings.Contains(got, "cause=\"\"") {
		t.Errorf("the log says %q", got)
	}
	kept := issued{folder{dir: filepath.Join(t.TempDir(), "certs")}, slog.New(slog.NewTextHandler(&log, nil))}
	if err := kept.Put(t.Context(), "auth.example.com", []byte("certificate")); err != nil {
		t.Fatal(err)
	}
	if got, err := kept.Get(t.Context(), "auth.example.com"); err != nil || string(got) != "certificate" {
		t.Errorf("%q, %v", got, err)
	}
}
