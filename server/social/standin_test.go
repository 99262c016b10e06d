package social_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"kunci/server/social"
)

const clientID = "web.apps.example"

// clock is a time that a test moves by hand.
type clock struct{ seconds atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.seconds.Store(1_900_000_000)
	return c
}

func (c *clock) now() time.Time          { return time.Unix(c.seconds.Load(), 0) }
func (c *clock) advance(d time.Duration) { c.seconds.Add(int64(d / time.Second)) }

// signingKey is one key of the stand-in issuer.
type signingKey struct {
	kid  string
	alg  jose.SignatureAlgorithm
	priv crypto.Signer
}

func newECKey(t testing.TB, kid string) signingKey {
	t.Helper()
	priv, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return signingKey{kid: kid, alg: jose.ES256, priv: priv}
}

func (k signingKey) sign(t testing.TB, payload []byte) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: k.alg, Key: jose.JSONWebKey{Key: k.priv, KeyID: k.kid}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (k signingKey) signClaims(t testing.TB, c claims) string {
	t.Helper()
	payload, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return k.sign(t, payload)
}

type claims map[string]any

// with returns a copy with one claim set, or left out where v is nil.
func (c claims) with(name string, v any) claims {
	c = maps.Clone(c)
	c[name] = v
	if v == nil {
		delete(c, name)
	}
	return c
}

// issuer is a stand-in for Google: a discovery document and a key set, each of which a test may replace.
type issuer struct {
	*httptest.Server
	clock *clock
	key   signingKey

	discoveryHits, keyHits atomic.Int32

	mu               sync.Mutex
	published        []signingKey
	discovery, certs http.HandlerFunc // in place of the usual answer
}

func newIssuer(t testing.TB) *issuer {
	t.Helper()
	iss := &issuer{clock: newClock(), key: newECKey(t, "ec-1")}
	iss.published = []signingKey{iss.key}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		iss.discoveryHits.Add(1)
		if instead, _ := iss.replaced(); instead != nil {
			instead(w, r)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": iss.URL, "jwks_uri": iss.URL + "/certs"})
	})
	mux.HandleFunc("GET /certs", func(w http.ResponseWriter, r *http.Request) {
		iss.keyHits.Add(1)
		if _, instead := iss.replaced(); instead != nil {
			instead(w, r)
			return
		}
		_ = json.NewEncoder(w).Encode(iss.keySet())
	})
	iss.Server = httptest.NewServer(mux)
	t.Cleanup(iss.Close)
	return iss
}

func (iss *issuer) replaced() (discovery, certs http.HandlerFunc) {
	iss.mu.Lock()
	defer iss.mu.Unlock()
	return iss.discovery, iss.certs
}

func (iss *issuer) keySet() jose.JSONWebKeySet {
	iss.mu.Lock()
	defer iss.mu.Unlock()
	var set jose.JSONWebKeySet
	for _, k := range iss.published {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.priv.Public(), KeyID: k.kid, Algorithm: string(k.alg), Use: "sig"})
	}
	return set
}

func (iss *issuer) publish(keys ...signingKey) {
	iss.mu.Lock()
	defer iss.mu.Unlock()
	iss.published = keys
}

func (iss *issuer) replace(discovery, certs http.HandlerFunc) {
	iss.mu.Lock()
	defer iss.mu.Unlock()
	iss.discovery, iss.certs = discovery, certs
}

func (iss *issuer) verifier() *social.Google {
	return social.NewGoogle(social.GoogleConfig{
		Issuer:    iss.URL,
		ClientIDs: []string{clientID, "ios.apps.example"},
		Now:       iss.clock.now,
	})
}

// claims are those of a token that is good in every respect.
func (iss *issuer) claims() claims {
	now := iss.clock.now().Unix()
	return claims{
		"iss": iss.URL, "aud": clientID, "sub": "110248495921238986420", "iat": now - 60, "exp": now + 3540,
		"email": "ani@gmail.com", "email_verified": true,
	}
}

// transport is an http.RoundTripper without a network.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// recorded answers r with what handler writes.
func recorded(r *http.Request, handler http.HandlerFunc) *http.Response {
	rec := httptest.NewRecorder()
	handler(rec, r)
	return rec.Result()
}

func text(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// wantError checks err's kind and that its text holds none of the secrets, whole or in part.
func wantError(t *testing.T, err, kind error, secrets ...string) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Fatalf("error %v, want one that wraps %q", err, kind)
	}
	other := social.ErrRefused
	if kind == other {
		other = social.ErrUnavailable
	}
	if errors.Is(err, other) {
		t.Errorf("error %v wraps %q as well", err, other)
	}
	for _, secret := range append(secrets, "://", "?", "input_token=") {
		if secret != "" && strings.Contains(err.Error(), secret) {
			t.Errorf("error %q gives away %q", err, secret)
		}
	}
}
