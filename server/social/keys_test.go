package social_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"kunci/server/social"
)

func TestGoogleKeyRotation(t *testing.T) {
	t.Parallel()
	iss := newIssuer(t)
	g := iss.verifier()
	old, next := iss.key, newECKey(t, "ec-2")
	token := func(k signingKey) string { return k.signClaims(t, iss.claims()) }

	if _, err := g.Verify(t.Context(), token(old)); err != nil {
		t.Fatal(err)
	}
	iss.publish(old, next)
	_, err := g.Verify(t.Context(), token(next))
	wantError(t, err, social.ErrRefused) // the issuer was asked this very second
	iss.clock.advance(10 * time.Second)
	if _, err := g.Verify(t.Context(), token(next)); err != nil {
		t.Errorf("a new key after ten seconds: %v", err)
	}
	if _, err := g.Verify(t.Context(), token(old)); err != nil {
		t.Errorf("the old key, still published: %v", err)
	}
	iss.publish(next)
	iss.clock.advance(time.Hour)
	_, err = g.Verify(t.Context(), token(old))
	wantError(t, err, social.ErrRefused)
	if _, err := g.Verify(t.Context(), token(next)); err != nil {
		t.Errorf("the key in use, an hour later: %v", err)
	}
}

// TestGoogleStorm sends tokens that no published key signed, from many sides at once.
func TestGoogleStorm(t *testing.T) {
	t.Parallel()
	iss := newIssuer(t)
	g := iss.verifier()
	forger := newECKey(t, "")
	storm := func() {
		var all sync.WaitGroup
		for n := range 40 {
			forged := forger
			if forged.kid = fmt.Sprintf("made-up-%d", n); n%4 == 0 {
				forged.kid = iss.key.kid // go-oidc fetches for a bad signature as well
			}
			token := forged.signClaims(t, iss.claims())
			all.Go(func() {
				_, err := g.Verify(t.Context(), token)
				if err == nil {
					t.Error("a forged token was accepted")
				}
			})
		}
		all.Wait()
	}
	for round := range int32(3) {
		storm()
		if d, k := iss.discoveryHits.Load(), iss.keyHits.Load(); d != 1 || k != round+1 {
			t.Errorf("after storm %d: document asked for %d times, keys %d times; want 1 and %d", round+1, d, k, round+1)
		}
		iss.clock.advance(10 * time.Second)
	}
	// The same while the issuer is out: one question per second.
	iss.replace(nil, text(http.StatusInternalServerError, "out"))
	before := iss.keyHits.Load()
	storm()
	if n := iss.keyHits.Load() - before; n != 1 {
		t.Errorf("issuer asked %d times while it is out, want once", n)
	}
	if _, err := g.Verify(t.Context(), iss.key.signClaims(t, iss.claims())); err != nil {
		t.Errorf("known key while the issuer is out: %v", err)
	}
}

func TestGoogleUnavailable(t *testing.T) {
	t.Parallel()
	redirect := func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/certs", http.StatusFound) }
	huge := text(http.StatusOK, `{"issuer":"`+strings.Repeat("x", 1<<20)+`"}`)
	unsafe := func(w http.ResponseWriter, r *http.Request) {
		text(200, fmt.Sprintf(`{"issuer":"http://%s","jwks_uri":"http://keys.example/"}`, r.Host))(w, r)
	}
	for name, c := range map[string]struct{ discovery, certs http.HandlerFunc }{
		"document: unsafe address":    {discovery: unsafe},
		"document: 500":               {discovery: text(500, "secret")},
		"document: 404":               {discovery: text(404, "secret")},
		"document: redirect":          {discovery: redirect},
		"document: huge":              {discovery: huge},
		"document: no JSON":           {discovery: text(200, "<html>secret")},
		"document: empty":             {discovery: text(200, "")},
		"document: another issuer":    {discovery: text(200, `{"issuer":"https://secret.example","jwks_uri":"https://secret.example/k"}`)},
		"keys: 500":                   {certs: text(500, "secret")},
		"keys: 500 with keys":         {certs: text(500, `{"keys":[{"kty":"oct","kid":"1","k":"c2VjcmV0"}]}`)},
		"keys: redirect":              {certs: redirect},
		"keys: huge":                  {certs: huge},
		"keys: no JSON":               {certs: text(200, "<html>secret")},
		"keys: none":                  {certs: text(200, `{"keys":[]}`)},
		"keys: an object without any": {certs: text(200, `{"error":"secret"}`)},
		"keys: null":                  {certs: text(200, `null`)},
		"keys: broken":                {certs: text(200, `{"keys":[{"kty":"RSA","kid":"secret","n":"!","e":"AQAB"}]}`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			iss := newIssuer(t)
			g := iss.verifier()
			token := iss.key.signClaims(t, iss.claims())
			iss.replace(c.discovery, c.certs)
			_, err := g.Verify(t.Context(), token)
			wantError(t, err, social.ErrUnavailable, token, "secret")
			if name == "keys: redirect" && iss.keyHits.Load() != 1 {
				t.Error("the redirect was followed")
			}

			iss.replace(nil, nil)
			iss.clock.advance(10 * time.Second)
			if _, err := g.Verify(t.Context(), token); err != nil {
				t.Errorf("the issuer is back: %v", err)
			}
		})
	}
}

// TestGoogleBadAddresses: an address that is not safe to ask is not asked, wherever it comes from.
func TestGoogleBadAddresses(t *testing.T) {
	t.Parallel()
	iss := newIssuer(t)
	token := iss.key.signClaims(t, iss.claims())
	closed := newIssuer(t)
	closed.Close()
	_, err := closed.verifier().Verify(t.Context(), token)
	wantError(t, err, social.ErrUnavailable, token)

	for _, c := range []struct{ issuer, keys string }{
		{issuer: "http://issuer.example"},
		{issuer: "http://192.0.2.1"},
		{issuer: "ftp://127.0.0.1"},
		{issuer: "https://me:pass@issuer.example"},
		{issuer: "127.0.0.1"},
		{issuer: "::"},
		{issuer: "https://issuer.example", keys: "http://keys.example/"},
		{issuer: "https://issuer.example", keys: "http://192.0.2.1/"},
		{issuer: "https://issuer.example", keys: "https://me:pass@keys.example/"},
		{issuer: "https://issuer.example", keys: "file:///etc/passwd"},
		{issuer: "https://issuer.example", keys: "//keys.example/"},
		{issuer: "https://issuer.example", keys: ""},
	} {
		discovery := "https://issuer.example/.well-known/openid-configuration"
		_, err := social.NewGoogle(social.GoogleConfig{
			Issuer: c.issuer, ClientIDs: []string{clientID}, Now: iss.clock.now,
			HTTP: &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
				if r.URL.String() != discovery {
					t.Errorf("%+v: asked %s", c, r.URL)
				}
				return recorded(r, text(200, fmt.Sprintf(`{"issuer":%q,"jwks_uri":%q}`, c.issuer, c.keys))), nil
			})},
		}).Verify(t.Context(), token)
		wantError(t, err, social.ErrUnavailable, token, "pass", "example")
	}
}

func TestGoogleSlow(t *testing.T) {
	t.Parallel()
	for _, which := range []string{"document", "keys"} {
		t.Run(which, func(t *testing.T) {
			t.Parallel()
			iss := newIssuer(t)
			hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
			if which == "keys" {
				iss.replace(nil, hang)
			} else {
				iss.replace(hang, nil)
			}
			g := social.NewGoogle(social.GoogleConfig{
				Issuer: iss.URL, ClientIDs: []string{clientID}, Now: iss.clock.now, Timeout: 100 * time.Millisecond,
			})
			start := time.Now()
			_, err := g.Verify(t.Context(), iss.key.signClaims(t, iss.claims()))
			wantError(t, err, social.ErrUnavailable)
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("waited %v", took)
			}
			if !strings.Contains(err.Error(), "timed out") {
				t.Errorf("error %q does not say that it timed out", err)
			}
		})
	}
}

// TestGoogleCallerGoesAway: whoever hangs up neither stops the question for others nor leaves a failure behind.
func TestGoogleCallerGoesAway(t *testing.T) {
	t.Parallel()
	iss := newIssuer(t)
	asked, release := make(chan struct{}), make(chan struct{})
	usual := text(200, fmt.Sprintf(`{"issuer":%q,"jwks_uri":"%s/certs"}`, iss.URL, iss.URL))
	iss.replace(func(w http.ResponseWriter, r *http.Request) {
		close(asked)
		<-release
		usual(w, r)
	}, nil)
	g := iss.verifier()
	token := iss.key.signClaims(t, iss.claims())

	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() {
		_, err := g.Verify(ctx, token)
		gone <- err
	}()
	<-asked
	cancel()
	wantError(t, <-gone, social.ErrUnavailable, token)
	close(release)
	if _, err := g.Verify(t.Context(), token); err != nil {
		t.Errorf("the next caller: %v", err)
	}
	if n := iss.discoveryHits.Load(); n != 1 {
		t.Errorf("document asked for %d times, want once", n)
	}
}
