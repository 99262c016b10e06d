package cert_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kunci/server/cert"
)

// A pair says when it ends and what speaks against it; what can't be used is
// refused, and no error has what is in a file.
func TestPair(t *testing.T) {
	t.Parallel()
	dir, ends := t.TempDir(), time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	chain, key := selfSigned(t, "a.example", ends)
	_, other := selfSigned(t, "a.example", ends)
	encrypted := []byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\nc2VjcmV0\n-----END ENCRYPTED PRIVATE KEY-----\n")
	for name, b := range map[string][]byte{"chain": chain, "key": key, "other": other, "encrypted": encrypted, "both": append(key, chain...)} {
		must(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, both := range [][2]string{{"chain", "key"}, {"both", "both"}} {
		p, err := cert.NewPair(at(both[0]), at(both[1]))
		must(t, err)
		must(t, p.Doubt("A.example"))
		if !p.NotAfter().Equal(ends) {
			t.Errorf("it ends at %v, not %v", p.NotAfter(), ends)
		}
		if err := p.Doubt("b.example"); err == nil || err.Error() != "the certificate is not for b.example" {
			t.Errorf("for another host: %v", err)
		}
		must(t, shake(t, p.TLS(), "a.example"))
		must(t, shake(t, p.TLS(), "")) // what is asked for does not matter
	}
	for _, test := range [][3]string{
		{"chain", "other", "is not the key of the certificate"}, {"chain", "chain", "found a certificate rather than a key"},
		{"key", "key", "failed to find certificate PEM data"}, {"chain", "encrypted", "is encrypted: write it without a passphrase"},
		{"chain", "none", "no such file"}, {".", "key", "is no plain file"},
	} {
		_, err := cert.NewPair(at(test[0]), at(test[1]))
		if err == nil || !strings.Contains(err.Error(), test[2]) || strings.Contains(err.Error(), "c2VjcmV0") {
			t.Errorf("%s and %s: %v, and not %s", test[0], test[1], err, test[2])
		}
	}
}
