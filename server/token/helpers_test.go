package token_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kunci/server/token"

	"github.com/o1egl/paseto/v2"
)

const (
	issuer   = "https://login.example.com"
	instance = "6f1d1d0a"
	day      = 24 * time.Hour
)

// at is the time at which the tests take place.
func at() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// dialects is what the tests accept as aud.
func dialects() []string { return []string{"smart", "dashboard"} }

func claims() token.Claims {
	return token.Claims{
		Issuer: issuer, Subject: "0b4e6c1e-5a6b-4c1d-8e2f-3a4b5c6d7e8f", Audience: "dashboard",
		ID: "00112233445566778899aabbccddeeff", IssuedAt: at(), NotBefore: at(), Expires: at().Add(30 * day),
	}
}

func newRing(t testing.TB) (*token.Ring, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys")
	r, err := token.Create(dir, instance, at())
	if err != nil {
		t.Fatal(err)
	}
	return r, dir
}

func sign(t testing.TB, r *token.Ring, c token.Claims) string {
	t.Helper()
	tok, err := r.Sign(c)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func rotate(t testing.TB, r *token.Ring, now, oldUntil time.Time) token.Key {
	t.Helper()
	k, err := r.Rotate(now, oldUntil)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func verify(r *token.Ring, tok string, now time.Time) error {
	_, err := r.Verify(tok, issuer, dialects(), now)
	return err
}

// keyPaths lists the key files, oldest name first.
func keyPaths(t testing.TB, dir string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, p := range all {
		if filepath.Base(p) != "links.json" {
			keys = append(keys, p)
		}
	}
	return keys
}

// readObject reads a JSON file.
func readObject(t testing.TB, path string) map[string]any {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var o map[string]any
	if err := json.Unmarshal(b, &o); err != nil {
		t.Fatal(err)
	}
	return o
}

// secretOf reads the secret of the key with this id from its file.
func secretOf(t testing.TB, dir, id string) ed25519.PrivateKey {
	t.Helper()
	for _, p := range keyPaths(t, dir) {
		o := readObject(t, p)
		if o["id"] != id {
			continue
		}
		b, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(o["secret"].(string), "k2.secret."))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	t.Fatalf("no file holds the key %s", id)
	return nil
}

func footerOf(id string) string { return `{"kid":"` + id + `"}` }

// forge signs any payload and footer.
func forge(t testing.TB, secret ed25519.PrivateKey, payload, footer string) string {
	t.Helper()
	tok, err := paseto.NewV2().Sign(secret, []byte(payload), []byte(footer))
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// payloadOf decodes what a token says, unchecked.
func payloadOf(t testing.TB, tok string) string {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(strings.Split(tok, ".")[2])
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:len(b)-ed25519.SignatureSize])
}

// publicOf decodes a k2.public.
func publicOf(t testing.TB, k token.Key) ed25519.PublicKey {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(k.Public, "k2.public."))
	if err != nil || len(b) != ed25519.PublicKeySize {
		t.Fatalf("%q is no k2.public: %v", k.Public, err)
	}
	return b
}
