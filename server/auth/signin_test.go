package auth_test

import (
	"context"
	"testing"
	"time"

	"kunci/db"
	"kunci/server/auth"
)

func TestSignInByEveryName(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	up := h.register("Budi@Example.com", "Budi.S")
	for _, in := range []auth.SignIn{
		{Email: "Budi@Example.com"}, {Email: "BUDI@example.COM"}, {Username: "budi@example.com"},
		{Username: "Budi.S"}, {Username: "bUDI.s"}, {Username: "ｂudi.s"},
	} {
		in.Password = goodPassword
		g, err := h.SignIn(t.Context(), caller(snapotp, home), in)
		if err != nil {
			t.Errorf("%+v: %v", in, err)
			continue
		}
		if g.ID != up.ID || g.UUID != up.UUID || g.Email != "Budi@Example.com" || g.Username != "Budi.S" || g.Created {
			t.Errorf("%+v: grant %+v", in, g)
		}
		if !h.stands(g.Token) {
			t.Errorf("%+v: the token does not stand", in)
		}
	}
}

func TestSignInRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.register("budi@example.com", "budi")
	h.register("off@example.com", "")
	if err := h.op.Disable(t.Context(), "off@example.com"); err != nil {
		t.Fatal(err)
	}
	email, name := "none@example.com", "No Password"
	must[*auth.User](t)(h.op.AddUser(t.Context(), auth.NewUser{Edit: auth.Edit{Email: &email, Name: &name}}))

	var first string
	for name, in := range map[string]auth.SignIn{
		"wrong":                 {Email: "budi@example.com", Password: goodPassword + "x"},
		"case":                  {Email: "budi@example.com", Password: "tR0ub4dor&Zebra"},
		"trimmed":               {Email: "budi@example.com", Password: goodPassword + " "},
		"unknown":               {Email: "nobody@example.com", Password: goodPassword},
		"unknown username":      {Username: "nobody", Password: goodPassword},
		"no such username":      {Username: "no one\x00", Password: goodPassword},
		"username as e-mail":    {Email: "budi", Password: goodPassword},
		"disabled":              {Email: "off@example.com", Password: goodPassword},
		"without password":      {Email: "none@example.com", Password: goodPassword},
		"without, empty-ish":    {Email: "none@example.com", Password: "\x00"},
		"invalid UTF-8":         {Username: "\xff\xfe", Password: goodPassword},
		"the hash for password": {Email: "budi@example.com", Password: h.account("budi@example.com").PasswordHash},
	} {
		_, err := h.SignIn(t.Context(), caller(snapotp, home), in)
		e := wantKind(t, err, auth.Unauthenticated)
		if first == "" {
			first = e.Reason
		}
		if e.Reason != first || e.RetryAfter != 0 || len(e.Fields) != 0 {
			t.Errorf("%s: answers %+v, others %q", name, e, first)
		}
	}
}

func TestSignInFieldRules(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for name, test := range map[string]struct {
		audience      *auth.Audience
		who, pw       string
		field, reason string
	}{
		"dashboard: no e-mail":    {dashboard, "userdashboard", goodPassword, "email", "not_email"},
		"dashboard: classes":      {dashboard, "a@example.com", "tes12345", "password", "password_classes"},
		"pwa: short":              {pwa, "a@example.com", "Tes1!", "password", "too_short"},
		"pwa: missing":            {pwa, "a@example.com", "", "password", "required"},
		"snapotp: no identifier":  {snapotp, "", goodPassword, "identifier", "required"},
		"snapotp: no password":    {snapotp, "budi", "", "password", "required"},
		"dashboard: short e-mail": {dashboard, "a@b", goodPassword, "email", "too_short"},
	} {
		_, err := h.login(test.audience, test.who, test.pw, home)
		e := wantKind(t, err, auth.Invalid)
		if len(e.Fields) != 1 || e.Fields[0].Name != test.field || e.Fields[0].Reason != test.reason {
			t.Errorf("%s: fields %+v", name, e.Fields)
		}
	}
	_, err := h.login(smart, "a@example.com", "x", home) // no rule but to be there
	wantKind(t, err, auth.Unauthenticated)
}

func TestSignInKeepsGCMID(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.register("budi@example.com", "")
	for _, test := range []struct{ given, kept string }{{"phone-1", "phone-1"}, {"", "phone-1"}, {"phone-2", "phone-2"}} {
		must[*auth.Grant](t)(h.SignIn(t.Context(), caller(shoop, home), auth.SignIn{Email: "budi@example.com", Password: goodPassword, GCMID: test.given}))
		if got := h.account("budi@example.com").GCMID; got != test.kept {
			t.Errorf("gcm_id %q after %q, want %q", got, test.given, test.kept)
		}
	}
}

// admission is where accounts may sign in: CONTRACT 2, who may sign in where.
func TestAdmission(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		admit []string
		self  string // the dialects that a self-registered account may enter
	}{
		"by default": {[]string{"snapotp", "shoop"}, "snapotp shoop"},
		"with --dev": {[]string{"snapotp", "shoop", "smart", "pwa"}, "snapotp shoop smart pwa"},
		"everywhere": {[]string{"snapotp", "shoop", "smart", "pwa", "dashboard"}, "snapotp shoop smart pwa"},
	} {
		h := newHouse(t, func(c *auth.Config) { c.Admit = test.admit })
		member := h.company()
		h.register("self@example.com", "")
		h.add("made@example.com", auth.Edit{})
		h.add("member@example.com", member)
		entered := func(email string) (list string) {
			for _, a := range []*auth.Audience{snapotp, shoop, smart, pwa, dashboard} {
				g, err := h.login(a, email, goodPassword, home)
				if err == nil {
					if !h.stands(g.Token) {
						t.Errorf("%s: %s at %s: no session", name, email, a.Name)
					}
					list += " " + a.Name
					continue
				}
				wantKind(t, err, auth.NotAdmitted)
				_, err = h.login(a, email, goodPassword+"x", home)
				wantKind(t, err, auth.Unauthenticated)
			}
			return list[1:]
		}
		if got := entered("self@example.com"); got != test.self {
			t.Errorf("%s: a self-registered account enters %s, want %s", name, got, test.self)
		}
		if got, want := entered("made@example.com"), "snapotp shoop smart pwa"; got != want {
			t.Errorf("%s: an operator's account enters %s, want %s", name, got, want)
		}
		if got, want := entered("member@example.com"), "snapotp shoop smart pwa dashboard"; got != want {
			t.Errorf("%s: a member enters %s, want %s", name, got, want)
		}
	}
}

func TestSignInAsMember(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	edit := h.company()
	edit.Internal = ptr(true)
	h.add("member@example.com", edit)
	g := h.in(dashboard, "member@example.com")
	if !g.Member || !g.Internal || g.Company.Name != "PT Maju" || g.Division.Name != "Gudang" || g.Role.Name != "Kepala" {
		t.Errorf("grant %+v", g)
	}
	if g.CompanyID() != g.Company.ID || g.CompanyID() == db.NoCompany.String() {
		t.Errorf("company id %s", g.CompanyID())
	}
}

// A caller who has left, or closed its half of the connection, is judged and
// counted like any other: hanging up is no way to guess for free.
func TestSignInOfACallerWhoLeft(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.register("budi@example.com", "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	in := auth.SignIn{Email: "budi@example.com", Password: goodPassword}
	must[*auth.Grant](t)(h.SignIn(ctx, caller(snapotp, stranger), in))
	in.Password = "guess"
	h.clock.add(31 * 24 * time.Hour) // the range is no longer a known one
	for range 5 {
		_, err := h.SignIn(ctx, caller(snapotp, stranger), in)
		wantKind(t, err, auth.Unauthenticated)
	}
	_, err := h.SignIn(ctx, caller(snapotp, stranger), in)
	wantKind(t, err, auth.TooMany)
}
