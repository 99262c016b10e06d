package server_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"kunci/db"
	"kunci/mail"
	"kunci/server/auth"
)

// google asks for a session by an ID token, with what it says beside it.
func google(idToken string) request {
	who := googlers[idToken]
	return claim(who.Subject, who.Email, idToken)
}

func claim(id, email, idToken string) request {
	return postJSON("/api/auth/google", map[string]any{"google_id": id, "email": email, "name": "Goo Gler", "id_token": idToken})
}

// An account that holds no such address is made, verified and without a
// password, and found by its id from then on, whatever its address is by then.
func TestGoogleMakesAnAccount(t *testing.T) {
	t.Parallel()
	a := start(t, social, withIntrospection)
	got := a.want(t, 201, google("good"))
	a.stands(t, got.credential(t), true)
	diff(t, "name", any("Goo Gler"), got.at("data", "user", "name"))
	u, err := a.op.User("g-new@example.com")
	must(t, err)
	if !u.EmailVerified || !u.SelfRegistered || u.PasswordFamily != "" || u.GoogleID != "g-new" || u.RoleID != 3 {
		t.Errorf("the account: %+v", u)
	}
	other := "moved@example.com"
	_, err = a.op.SetUser(t.Context(), "g-new@example.com", auth.Edit{Email: &other})
	must(t, err)
	diff(t, "the same account", any(other), a.want(t, 200, google("good")).at("data", "user", "email"))
}

func TestGoogleClaimsThatAreRefused(t *testing.T) {
	t.Parallel()
	a := start(t, social)
	people(t, a)
	before := a.dump(t)
	for name, c := range map[string]struct {
		request request
		want    int
	}{
		"a token that Google did not sign": {claim("g-new", "g-new@example.com", "forged"), 401},
		"another google_id":                {claim("g-linked", "g-new@example.com", "good"), 401},
		"another e-mail":                   {claim("g-new", "linked@example.com", "good"), 401},
		"an e-mail not verified":           {google("unverified"), 401},
		"a disabled account":               {google("gone"), 401},
		"no id_token":                      {claim("g-new", "g-new@example.com", ""), 422},
		"keys that can't be fetched":       {claim("g-new", "g-new@example.com", "outage"), 503},
	} {
		if got := a.do(t, c.request); got.status != c.want {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	diff(t, "what refused claims changed", before, a.dump(t))
	a.want(t, 200, claim("g-linked", "LINKED@example.com", "linked"))
}

// Google meets an account with the address: it is linked where Google is the
// authority for the address and the account holds no other Google id.
func TestGoogleLinks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		token string
		user  user
		want  int
	}{
		"hosted domain":                 {"hosted", user{email: "Hosted@example.com", password: secret}, 200},
		"gmail":                         {"gmail", user{email: "some.one@GMAIL.com", password: secret}, 200},
		"gmail, unverified here":        {"gmail", user{email: "some.one@gmail.com", password: secret, unverified: true}, 200},
		"not the authority":             {"other", user{email: "smart@example.com", password: secret}, 409},
		"a domain that ends like gmail": {"not-quite-mail", user{email: "someone@notgmail.com", password: secret}, 409},
		"another Google id":             {"gmail", user{email: "some.one@gmail.com", password: secret, google: "g-first"}, 409},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := start(t, social, withIntrospection)
			a.add(t, c.user)
			credential := a.want(t, 200, signIns["smart"](c.user.email, secret)).credential(t)
			a.want(t, c.want, google(c.token))
			u, err := a.op.User(c.user.email)
			must(t, err)
			if linked := u.GoogleID == googlers[c.token].Subject; linked != (c.want == 200) {
				t.Errorf("linked: %v", linked)
			}
			// The first proof of an address ends what came before it.
			ended := c.want == 200 && c.user.unverified
			a.stands(t, credential, !ended)
			if ended != (u.PasswordFamily == "") {
				t.Errorf("the password is of family %q", u.PasswordFamily)
			}
			notice := mail.ConfirmLink
			if c.want == 200 {
				notice = mail.Linked
			}
			diff(t, "mails", []mail.Kind{notice}, a.queued(t, u.Email))
		})
	}
}

// The link in the mail confirms the linking: for a day, once, and not when
// another account took the id meanwhile.
func TestGoogleLinkingByMail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		meanwhile func(*testing.T, *app)
		linked    bool
	}{
		"in time":            {func(_ *testing.T, a *app) { a.clock.advance(24*time.Hour - time.Second) }, true},
		"too late":           {func(_ *testing.T, a *app) { a.clock.advance(24 * time.Hour) }, false},
		"taken meanwhile":    {func(t *testing.T, a *app) { a.add(t, user{email: "thief@example.com", google: "g-other"}) }, false},
		"disabled meanwhile": {func(t *testing.T, a *app) { must(t, a.op.Disable(t.Context(), "smart@example.com")) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := start(t, social)
			people(t, a)
			a.want(t, 409, google("other"))
			tok := a.link(t, "smart@example.com", db.PurposeLinking)
			c.meanwhile(t, a)
			_, err := a.Confirm(t.Context(), auth.Caller{Lang: "id"}, tok)
			if c.linked != (err == nil) {
				t.Fatalf("confirming: %v", err)
			}
			if !c.linked {
				return
			}
			diff(t, "signed in", any("smart@example.com"), a.want(t, 200, google("other")).at("data", "user", "email"))
			if _, err := a.Confirm(t.Context(), auth.Caller{Lang: "id"}, tok); err == nil {
				t.Error("the link served twice")
			}
			if !slices.Contains(a.queued(t, "smart@example.com"), mail.Linked) {
				t.Error("no notice was mailed")
			}
		})
	}
}

// On trust the claim counts as it was sent; it never touches an account that
// stands, and what it bound does not count where claims are verified.
func TestGoogleOnTrust(t *testing.T) {
	t.Parallel()
	a := start(t, dev, withIntrospection)
	people(t, a)
	before := a.dump(t)
	a.want(t, 409, claim("g-other", "smart@example.com", ""))
	diff(t, "what the conflict changed", before, a.dump(t))
	if kinds := a.queued(t, "smart@example.com"); len(kinds) != 0 {
		t.Errorf("mails: %v", kinds)
	}
	// A proved id is not found by a claim of it.
	a.want(t, 409, claim("g-linked", "linked@example.com", ""))

	a.want(t, 201, claim("g-new", "g-new@example.com", ""))
	a.want(t, 200, claim("g-new", "whatever@example.com", ""))
	u, err := a.op.User("g-new@example.com")
	must(t, err)
	if u.EmailVerified {
		t.Error("a claim verified an e-mail")
	}
	a.GoogleMode = auth.SocialVerify
	a.Google = func(context.Context, string) (auth.GoogleIdentity, error) { return googlers["good"], nil }
	a.want(t, 409, google("good"))
}

func TestGoogleWhereSignUpIsClosed(t *testing.T) {
	t.Parallel()
	a := start(t, social, func(s *setup) { s.auth.Registers = []string{"shoop"} })
	people(t, a)
	a.want(t, 403, google("good"))
	a.want(t, 200, google("linked"))
	a.want(t, 403, register(nil))
}
