package social_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"kunci/server/social"
)

func TestGoogleAccepts(t *testing.T) {
	t.Parallel()
	iss := newIssuer(t)
	g := iss.verifier()
	good := iss.claims()
	want := social.GoogleIdentity{Subject: "110248495921238986420", Email: "ani@gmail.com", EmailVerified: true}
	unverified, hosted, nameless := want, want, want
	unverified.EmailVerified = false
	hosted.HostedDomain = "example.co.id"
	nameless.Email, nameless.EmailVerified = "", false
	now := iss.clock.now().Unix()

	for name, c := range map[string]struct {
		claims claims
		want   social.GoogleIdentity
	}{
		"plain":                        {good, want},
		"second client id":             {good.with("aud", "ios.apps.example"), want},
		"one audience in an array":     {good.with("aud", []string{clientID}), want},
		"azp of an app unknown here":   {good.with("azp", "android.apps.example"), want},
		"two audiences, both ours":     {good.with("aud", []string{clientID, "ios.apps.example"}).with("azp", clientID), want},
		"e-mail verified as a string":  {good.with("email_verified", "true"), want},
		"e-mail unverified":            {good.with("email_verified", false), unverified},
		"e-mail unverified, string":    {good.with("email_verified", "false"), unverified},
		"e-mail without verification":  {good.with("email_verified", nil), unverified},
		"no e-mail, though verified":   {good.with("email", nil), nameless},
		"hosted domain":                {good.with("hd", "example.co.id"), hosted},
		"last second":                  {good.with("exp", now+1), want},
		"issuer's clock a bit ahead":   {good.with("iat", now+60).with("nbf", now+60), want},
		"other claims, as Google adds": {good.with("picture", "https://x.example/p").with("at_hash", "abc"), want},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := g.Verify(t.Context(), iss.key.signClaims(t, c.claims))
			if err != nil || got != c.want {
				t.Fatalf("Verify = %+v, %v; want %+v", got, err, c.want)
			}
		})
	}
	if d, k := iss.discoveryHits.Load(), iss.keyHits.Load(); d != 1 || k != 1 {
		t.Errorf("issuer asked %d times for its document and %d times for its keys, want once each", d, k)
	}
}

func TestGoogleRefusesClaims(t *testing.T) {
	t.Parallel()
	iss := newIssuer(t)
	g := iss.verifier()
	good := iss.claims()
	now := iss.clock.now().Unix()

	for name, c := range map[string]claims{
		"wrong audience":               good.with("aud", "evil.apps.example"),
		"audience longer than ours":    good.with("aud", clientID+".evil"),
		"empty audience":               good.with("aud", ""),
		"no audience":                  good.with("aud", nil),
		"no audience in an array":      good.with("aud", []string{}),
		"ours beside another":          good.with("aud", []string{clientID, "evil.apps.example"}).with("azp", clientID),
		"two audiences without azp":    good.with("aud", []string{clientID, "ios.apps.example"}),
		"two audiences, azp not ours":  good.with("aud", []string{clientID, "ios.apps.example"}).with("azp", "evil"),
		"expired":                      good.with("exp", now-1),
		"expires now":                  good.with("exp", now),
		"no expiry":                    good.with("exp", nil),
		"expiry is a text":             good.with("exp", "tomorrow"),
		"not yet valid":                good.with("nbf", now+600),
		"issued in the future":         good.with("iat", now+600),
		"issued after it expires":      good.with("iat", now+200).with("exp", now+100),
		"no issue time":                good.with("iat", nil),
		"other issuer":                 good.with("iss", "https://evil.example"),
		"Google's short name, not his": good.with("iss", "accounts.google.com"),
		"no issuer":                    good.with("iss", nil),
		"no subject":                   good.with("sub", nil),
		"subject with a space":         good.with("sub", "11 22"),
		"subject too long":             good.with("sub", strings.Repeat("1", 256)),
		"subject is a number":          good.with("sub", 110248),
		"verified is a number":         good.with("email_verified", 1),
		"verified is another text":     good.with("email_verified", "yes"),
		"e-mail is a list":             good.with("email", []string{"ani@gmail.com"}),
	} {
		t.Run(name, func(t *testing.T) {
			token := iss.key.signClaims(t, c)
			_, err := g.Verify(t.Context(), token)
			wantError(t, err, social.ErrRefused, token, "evil", "ani@gmail.com")
		})
	}
	t.Run("a claim twice", func(t *testing.T) {
		payload, _ := json.Marshal(good)
		token := iss.key.sign(t, append(payload[:len(payload)-1], `,"sub":"2"}`...))
		_, err := g.Verify(t.Context(), token)
		wantError(t, err, social.ErrRefused, token)
	})
	t.Run("no client id set here", func(t *testing.T) {
		g := social.NewGoogle(social.GoogleConfig{Issuer: iss.URL, ClientIDs: []string{""}, Now: iss.clock.now})
		for _, aud := range []any{clientID, ""} {
			_, err := g.Verify(t.Context(), iss.key.signClaims(t, good.with("aud", aud)))
			wantError(t, err, social.ErrRefused)
		}
	})
}

// TestGoogleItself checks the default issuer: keys at the known place, no discovery, both spellings of iss.
func TestGoogleItself(t *testing.T) {
	t.Parallel()
	iss := newIssuer(t)
	var asked []string
	g := social.NewGoogle(social.GoogleConfig{
		ClientIDs: []string{clientID},
		Now:       iss.clock.now,
		HTTP: &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			asked = append(asked, r.URL.String())
			return recorded(r, func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(iss.keySet()) }), nil
		})},
	})
	for _, name := range []string{"https://accounts.google.com", "accounts.google.com"} {
		if _, err := g.Verify(t.Context(), iss.key.signClaims(t, iss.claims().with("iss", name))); err != nil {
			t.Errorf("iss %s: %v", name, err)
		}
	}
	_, err := g.Verify(t.Context(), iss.key.signClaims(t, iss.claims()))
	wantError(t, err, social.ErrRefused)
	if len(asked) != 1 || asked[0] != "https://www.googleapis.com/oauth2/v3/certs" {
		t.Errorf("asked %q, want Google's certs once", asked)
	}
}

func FuzzGoogleToken(f *testing.F) {
	iss := newIssuer(f)
	g := iss.verifier()
	valid := iss.key.signClaims(f, iss.claims())
	want, err := g.Verify(f.Context(), valid)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("")
	f.Add("a.b.c")
	f.Add(valid[1:])
	f.Add(b64(`{"alg":"ES256","kid":"ec-1"}`) + "." + b64(`{}`) + "." + b64("sig"))
	f.Fuzz(func(t *testing.T, token string) {
		// One token has several spellings (bits that base64 does not use), all of the same content.
		if id, err := g.Verify(t.Context(), token); err == nil && id != want {
			t.Errorf("accepted %q as %+v", token, id)
		}
	})
}

func FuzzGoogleClaims(f *testing.F) {
	iss := newIssuer(f)
	g := iss.verifier()
	payload, _ := json.Marshal(iss.claims())
	f.Add(payload)
	f.Add([]byte(`{"iss":1,"aud":[null],"exp":1e400,"email_verified":"true"}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		token := iss.key.sign(t, payload)
		id, err := g.Verify(t.Context(), token)
		if err == nil && (id.Subject == "" || id.EmailVerified && id.Email == "") {
			t.Errorf("accepted %q as %+v", payload, id)
		}
		if err != nil && len(token) <= 8<<10 {
			wantError(t, err, social.ErrRefused, token)
		}
	})
}
