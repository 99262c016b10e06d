package server_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"aidanwoods.dev/go-paseto"
)

// published are the keys at /.well-known/paseto-keys, by id.
func (a *app) published(t *testing.T) map[string]paseto.V2AsymmetricPublicKey {
	t.Helper()
	var body struct {
		Keys []struct{ Kid, Paserk, Since string }
	}
	must(t, json.Unmarshal([]byte(a.want(t, 200, get("/.well-known/paseto-keys")).body), &body))
	keys := map[string]paseto.V2AsymmetricPublicKey{}
	for _, k := range body.Keys {
		if _, err := time.Parse(time.RFC3339, k.Since); err != nil {
			t.Errorf("since when: %v", err)
		}
		raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(k.Paserk, "k2.public."))
		must(t, err)
		key, err := paseto.NewV2AsymmetricPublicKeyFromBytes(raw)
		must(t, err)
		keys[k.Kid] = key
	}
	return keys
}

// verified is a token's claims as a service sees them that knows the
// published keys and nothing else.
func verified(t *testing.T, keys map[string]paseto.V2AsymmetricPublicKey, tok string) map[string]any {
	t.Helper()
	footer, err := paseto.NewParser().UnsafeParseFooter(paseto.V2Public, tok)
	must(t, err)
	var names struct{ Kid string }
	must(t, json.Unmarshal(footer, &names))
	key, ok := keys[names.Kid]
	if !ok {
		t.Fatalf("no published key is called %q", names.Kid)
	}
	parsed, err := paseto.NewParserForValidNow().ParseV2Public(key, tok)
	must(t, err)
	return parsed.Claims()
}

// registered are the claims of every token, extra those of each dialect's
// (CONTRACT 3).
var (
	registered = []string{"aud", "exp", "iat", "iss", "jti", "nbf", "sub"}
	extra      = map[string][]string{
		"dashboard": {"companyId", "companyName", "divisionId", "divisionName", "isInternal", "roleId", "roleName", "userId", "userName"},
		"pwa":       {"companyId", "customerId", "userId", "userName"},
		"smart":     {"userName"},
		"snapotp":   {"userName"},
	}
)

func TestTokensVerifyByThePublishedKeysAlone(t *testing.T) {
	t.Parallel()
	a := start(t, withIntrospection)
	people(t, a)
	u, err := a.op.User("dashboard@example.com")
	must(t, err)
	before := a.all(t, "dashboard@example.com", secret)
	old := a.published(t)
	_, err = a.op.RotateKey(t.Context())
	must(t, err)
	keys := a.published(t)
	if len(old) != 1 || len(keys) != 2 {
		t.Fatalf("%d keys, after a rotation %d", len(old), len(keys))
	}
	for _, signedIn := range []map[string]string{before, a.all(t, "dashboard@example.com", secret)} {
		for name, want := range extra {
			tok := signedIn[name]
			claims := verified(t, keys, tok)
			diff(t, name+": claims", slices.Sorted(slices.Values(append(slices.Clone(registered), want...))), slices.Sorted(maps.Keys(claims)))
			active := a.want(t, 200, introspection(tok)).members
			for claim, value := range map[string]any{"aud": name, "iss": publicURL, "sub": u.UUID, "userName": u.Name, "jti": active["jti"]} {
				diff(t, name+": "+claim, value, claims[claim])
			}
			if len(tok) > 2000 {
				t.Errorf("%s: %d characters", name, len(tok))
			}
			a.want(t, 200, me(tok))
		}
	}
}

// The introspection of a member through the dashboard, and of one without a
// membership by a Shoop key (RFC 7662 2.2).
func TestIntrospection(t *testing.T) {
	t.Parallel()
	a := start(t, withIntrospection)
	people(t, a)
	now := float64(a.clock.Now().Unix())
	for _, c := range []struct {
		dialect, email string
		member         []string
	}{{"dashboard", "dashboard@example.com", []string{"companyId", "roleId"}}, {"shoop", "snapotp@example.com", nil}} {
		credential := a.want(t, 200, signIns[c.dialect](c.email, secret)).credential(t)
		got := a.want(t, 200, introspection(credential))
		u, err := a.op.User(c.email)
		must(t, err)
		members(t, got, append([]string{"active", "sub", "username", "aud", "iss", "jti", "iat", "exp", "id", "email", "email_verified"}, c.member...)...)
		for member, want := range map[string]any{
			"active": true, "sub": u.UUID, "username": u.Username, "aud": c.dialect, "iss": publicURL,
			"iat": now, "exp": now + 30*24*60*60, "id": float64(u.ID), "email": u.Email, "email_verified": u.EmailVerified,
		} {
			diff(t, member, want, got.at(member))
		}
	}
}

func TestWhoMayIntrospect(t *testing.T) {
	t.Parallel()
	a := start(t, withIntrospection)
	ask := introspection("nothing")
	bare := ask.without("Authorization")
	for name, r := range map[string]request{
		"no secret": bare, "another secret": bare.bearer("another"), "an empty one": bare.bearer(""),
		"a prefix": bare.bearer(introspectSecret[:5]), "another scheme": bare.with("Authorization: Basic " + introspectSecret),
	} {
		got := a.want(t, 401, r)
		if got.header.Get("Www-Authenticate") != "Bearer" || got.members["active"] != nil {
			t.Errorf("%s: %v %s", name, got.header, got.body)
		}
	}
	for _, tok := range []string{"nothing", strings.Repeat("0", 40), "v2.public.AAAA", " ", ""} {
		diff(t, tok, `{"active":false}`, strings.TrimSpace(a.want(t, 200, introspection(tok)).body))
	}
	for _, odd := range []struct {
		kind, body string
		status     int
		why        string
	}{
		{formType, "", 400, "The token is missing."}, {formType, "tok=a", 400, "The token is missing."}, {formType, "token=a&token=b", 400, "The token is there more than once."},
		{formType, "%zz", 400, "The body is not a well-formed form."}, {formType, "token=" + strings.Repeat("a", 70<<10), 413, "The request body is too large."},
		{jsonType, `{"token":"a"}`, 415, "The body must be application/x-www-form-urlencoded."},
	} {
		got := a.want(t, odd.status, post("/introspect", odd.kind, odd.body).bearer(introspectSecret))
		members(t, got, "error", "error_description")
		if got.at("error") != "invalid_request" || got.at("error_description") != odd.why {
			t.Errorf("%.40q: %s, want %q", odd.body, got.body, odd.why)
		}
	}
	start(t).want(t, 404, ask) // where no secret is set
}
