package auth_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"kunci/db"
	"kunci/server/auth"
	"kunci/server/token"
)

func TestSignOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.register("budi@example.com", "")
	for _, a := range []*auth.Audience{snapotp, shoop} {
		one, other := h.in(a, "budi@example.com"), h.in(a, "budi@example.com")
		must[auth.Done](t)(h.SignOut(t.Context(), auth.Caller{}, one.Token))
		if h.stands(one.Token) || !h.stands(other.Token) {
			t.Errorf("%s: a sign-out ends its own session and no other", a.Name)
		}
		_, err := h.SignOut(t.Context(), auth.Caller{}, one.Token)
		wantKind(t, err, auth.NoSession)
	}
}

func TestSessionExpires(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *auth.Config) { c.SessionLifetime = time.Hour })
	h.register("budi@example.com", "")
	tok, key := h.in(snapotp, "budi@example.com").Token, h.in(shoop, "budi@example.com").Token
	h.clock.add(time.Hour - time.Second)
	if !h.stands(tok) || !h.stands(key) {
		t.Error("ended a second too early")
	}
	h.clock.add(time.Second)
	if h.stands(tok) || h.stands(key) {
		t.Error("stands beyond its lifetime")
	}
	if got := must[*auth.Introspection](t)(h.Introspect(t.Context(), key)); got != nil {
		t.Error("active beyond its lifetime")
	}
	h.clock.add(time.Hour)
	if err := h.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left int
	err := h.Store.View(func(v db.View) error { s, err := v.Sessions(1); left = len(s); return err })
	if err != nil || left != 0 {
		t.Errorf("%d sessions left after a sweep (%v)", left, err)
	}
}

func TestForeignTokens(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	g := h.register("budi@example.com", "")
	key := h.in(shoop, "budi@example.com").Token
	standing := must[*auth.Introspection](t)(h.Introspect(t.Context(), g.Token))
	byKey := must[*auth.Introspection](t)(h.Introspect(t.Context(), key))
	now := h.clock.Now()
	good := token.Claims{
		Issuer: publicURL, Subject: g.UUID, Audience: "snapotp", ID: standing.ID,
		IssuedAt: now, NotBefore: now, Expires: now.Add(time.Hour),
	}
	sign := func(r *token.Ring, change func(*token.Claims)) string {
		c := good
		change(&c)
		return must[string](t)(r.Sign(c))
	}
	if !h.stands(sign(h.Ring, func(*token.Claims) {})) {
		t.Fatal("the claims that the rest is changed from do not stand")
	}
	elsewhere := must[*token.Ring](t)(token.Create(filepath.Join(t.TempDir(), "keys"), uuid.NewString(), now))
	other := newHouse(t)
	for name, credential := range map[string]string{
		"nothing":            "",
		"another instance":   sign(elsewhere, func(*token.Claims) {}),
		"another house":      other.register("budi@example.com", "").Token,
		"another issuer":     sign(h.Ring, func(c *token.Claims) { c.Issuer = "https://other.example.test" }),
		"unknown audience":   sign(h.Ring, func(c *token.Claims) { c.Audience = "sixth" }),
		"another audience":   sign(h.Ring, func(c *token.Claims) { c.Audience = "smart" }),
		"another subject":    sign(h.Ring, func(c *token.Claims) { c.Subject = uuid.NewString() }),
		"another session":    sign(h.Ring, func(c *token.Claims) { c.ID = token.FormatID(token.NewID()) }),
		"a key's session":    sign(h.Ring, func(c *token.Claims) { c.ID, c.Audience = byKey.ID, "shoop" }),
		"expired":            sign(h.Ring, func(c *token.Claims) { c.Expires = now }),
		"not yet":            sign(h.Ring, func(c *token.Claims) { c.NotBefore = now.Add(time.Hour) }),
		"cut off":            g.Token[:len(g.Token)-1],
		"padded":             g.Token + "=",
		"the session's id":   standing.ID,
		"a key in upper":     strings.ToUpper(key),
		"another key":        strings.Repeat("0", 40),
		"another house's":    other.in(shoop, "budi@example.com").Token,
		"a JWT":              "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
		"a key with a space": key + " ",
	} {
		if credential == key {
			continue // a key of digits alone has no upper case
		}
		if h.stands(credential) {
			t.Errorf("%s: stands", name)
		}
		if got, err := h.Introspect(t.Context(), credential); got != nil || err != nil {
			t.Errorf("%s: introspected as %+v, %v", name, got, err)
		}
		_, err := h.SignOut(t.Context(), auth.Caller{}, credential)
		e := wantKind(t, err, auth.NoSession)
		if e.Reason != "no_session" || len(credential) > 20 && strings.Contains(err.Error(), credential) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if !h.stands(g.Token) || !h.stands(key) {
		t.Error("what was refused ended a session")
	}
}

func TestShoopKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.register("budi@example.com", "")
	one, two := h.in(shoop, "budi@example.com").Token, h.in(shoop, "budi@example.com").Token
	for _, key := range []string{one, two} {
		if len(key) != 40 || strings.Trim(key, "0123456789abcdef") != "" {
			t.Errorf("key %q is not 40 hexadecimal digits", key)
		}
	}
	if one == two {
		t.Error("two sessions have one key")
	}
	if p := must[*auth.Profile](t)(h.WhoAmI(t.Context(), auth.Caller{}, one)); p.Email != "budi@example.com" {
		t.Errorf("profile %+v", p)
	}
}

func TestIntrospect(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add("member@example.com", h.company())
	for _, a := range []*auth.Audience{dashboard, shoop} {
		g := h.in(a, "member@example.com")
		got := must[*auth.Introspection](t)(h.Introspect(t.Context(), g.Token))
		if got == nil {
			t.Fatalf("%s: not active", a.Name)
		}
		if got.Audience != a.Name || got.Issuer != publicURL || len(got.ID) != 32 || got.UUID != g.UUID || got.Company.ID != g.Company.ID {
			t.Errorf("%s: %+v", a.Name, got)
		}
		if now := h.clock.Now(); got.IssuedAt != now.Unix() || got.Expires != g.Expires.Unix() {
			t.Errorf("%s: from %d to %d", a.Name, got.IssuedAt, got.Expires)
		}
	}
}

// However quickly they follow each other, it is the oldest that ends.
func TestFiftySessions(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first := h.register("budi@example.com", "").Token
	other := h.register("sari@example.com", "").Token
	var tokens []string
	for range db.MaxSessions - 1 {
		h.clock.add(time.Millisecond)
		tokens = append(tokens, h.in(snapotp, "budi@example.com").Token)
	}
	if !h.stands(first) {
		t.Fatal("the fiftieth session ended the first")
	}
	h.clock.add(time.Millisecond)
	tokens = append(tokens, h.in(shoop, "budi@example.com").Token)
	if h.stands(first) {
		t.Error("fifty-one sessions stand")
	}
	for i, tok := range tokens {
		if !h.stands(tok) {
			t.Errorf("session %d ended, which is not the oldest", i+2)
		}
	}
	if !h.stands(other) {
		t.Error("another account's session ended")
	}
}
