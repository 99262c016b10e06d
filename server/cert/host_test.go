package cert_test

import (
	"strings"
	"testing"

	"kunci/server/cert"
)

var hosts = map[string]string{ // "": refused
	"auth.example.com": "auth.example.com", "AUTH.Example.com": "auth.example.com", "bücher.example": "xn--bcher-kva.example",
	"xn--bcher-kva.example": "xn--bcher-kva.example", "BÜCHER.example": "xn--bcher-kva.example",
	"": "", "localhost": "", "*.example.com": "", "a..b": "", ".a.b": "", "a.b.": "", "a_b.example": "", "a b.example": "",
	"192.0.2.1": "", "2001:db8::1": "", "[::1]": "", "a.example:443": "", "https://a.example": "", "a.example/b": "", "-a.example": "",
	strings.Repeat("a", 64) + ".example": "", strings.Repeat("a.", 130) + "example": "", "a.example\n": "", "xn--\xff.example": "",
}

func TestASCII(t *testing.T) {
	t.Parallel()
	for host, want := range hosts {
		got, err := cert.ASCII(host)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("ASCII(%q) = %q, %v, want %q", host, got, err, want)
		}
	}
}

// A name that is taken is one that a certificate, a file and a URL can have.
func FuzzASCII(f *testing.F) {
	for host := range hosts {
		f.Add(host)
	}
	f.Fuzz(func(t *testing.T, host string) {
		name, err := cert.ASCII(host)
		if err != nil {
			return
		}
		odd := func(r rune) bool { return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789-.", r) }
		if strings.ContainsFunc(name, odd) || !strings.Contains(name, ".") || name[0] == '.' || len(name) > 253 {
			t.Errorf("ASCII(%q) = %q", host, name)
		}
		if again, err := cert.ASCII(name); err != nil || again != name {
			t.Errorf("ASCII(%q) = %q, and of that %q, %v", host, name, again, err)
		}
	})
}
