package server_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"kunci/server"
	"kunci/server/auth"
)

const (
	pagesEmail    = "siti@example.com"
	pagesPassword = "rahasia-lama-1"
	pagesNew      = "rahasia-baru-2"
	pagesAskForm  = `name="email" type="email"`
)

// signUp registers Siti and gives the token of the mail that confirms her
// address.
func (a *pagesApp) signUp(t testing.TB) (confirm string) {
	t.Helper()
	a.secret(pagesPassword, pagesNew, pagesEmail)
	a.do(t, http.MethodPost, "/api/auth/register",
		`{"username":"siti","email":"`+pagesEmail+`","password":"`+pagesPassword+`","name":"Siti"}`,
		"Content-Type", "application/json").want(t, http.StatusCreated)
	_, link := a.letter(t)
	return a.tokenOf(t, link)
}

// forgot asks for a link on the page and gives the token of the mail.
func (a *pagesApp) forgot(t testing.TB) string {
	t.Helper()
	a.post(t, "/reset-password", "email", pagesEmail).want(t, http.StatusOK, "Check your e-mail")
	_, link := a.letter(t)
	if !strings.HasPrefix(link, a.base+"/reset-password?token=") {
		t.Fatalf("the mail leads to %q", link)
	}
	return a.tokenOf(t, link)
}

// verifiesGoogle has every Google token be one for Siti's address, from an
// issuer that is no authority for it.
func verifiesGoogle(c *auth.Config, _ *server.Config) {
	c.GoogleMode = auth.SocialVerify
	c.Google = func(context.Context, string) (auth.GoogleIdentity, error) {
		return auth.GoogleIdentity{Subject: "g-1", Email: pagesEmail, EmailVerified: true}, nil
	}
}

// linking has Siti's Google account meet the account that stands, and gives
// the token of the mail that offers to link them.
func (a *pagesApp) linking(t testing.TB) string {
	t.Helper()
	a.do(t, http.MethodPost, "/api/auth/google", `{"google_id":"g-1","email":"`+pagesEmail+`","name":"Siti","id_token":"x"}`,
		"Content-Type", "application/json").want(t, http.StatusConflict)
	_, link := a.letter(t)
	return a.tokenOf(t, link)
}

func TestPagesForgottenPassword(t *testing.T) {
	t.Parallel()
	a := pagesStart(t, nil)
	a.signUp(t)
	tok := a.forgot(t)

	page := a.get(t, "/reset-password?token="+tok)
	page.want(t, http.StatusOK, `<form method="post" action="/reset-password">`, `<input type="hidden" name="token" value="`+tok+`">`, `autocomplete="new-password"`)
	page.lacks(t, pagesAskForm)

	again := a.post(t, "/reset-password", "token", tok, "password", "pendek")
	again.want(t, http.StatusUnprocessableEntity, `value="`+tok+`"`, "New password must have at least 8 characters", `aria-invalid="true"`)
	again.lacks(t, "pendek")
	a.post(t, "/reset-password", "token", tok, "password", pagesEmail).want(t, http.StatusUnprocessableEntity, `value="`+tok+`"`, "must not be your e-mail")

	changed := a.post(t, "/reset-password", "token", tok, "password", pagesNew)
	changed.want(t, http.StatusOK, "Your password has been changed")
	changed.lacks(t, tok, pagesNew)
	if e, _ := a.letter(t); !strings.Contains(e.Subject, "changed") {
		t.Errorf("the notice is %q", e.Subject)
	}
	for pw, want := range map[string]int{pagesNew: http.StatusOK, pagesPassword: http.StatusUnauthorized} {
		if got := a.signIn(t, "siti", pw); got != want {
			t.Errorf("signing in: %d, want %d", got, want)
		}
	}

	used := a.post(t, "/reset-password", "token", tok, "password", "rahasia-lain-3")
	used.want(t, http.StatusBadRequest, "This link no longer works", `action="/reset-password"`, pagesAskForm)
	used.lacks(t, tok, `role="alert"`)
	if got := a.signIn(t, "siti", pagesNew); got != http.StatusOK {
		t.Errorf("a used link changed the password: %d", got)
	}
}

func TestPagesOpeningALinkChangesNothing(t *testing.T) {
	t.Parallel()
	a := pagesStart(t, verifiesGoogle)
	confirm := a.signUp(t)
	a.post(t, "/confirm", "token", confirm).want(t, http.StatusOK)
	linking := a.linking(t)
	before := a.dump(t)
	for _, path := range []string{"/reset-password", "/confirm"} {
		for _, tok := range []string{"", "?token=", "?token=x", "?token=" + linking, "?token=" + confirm, "?token=%ff%00", "?token=a&token=b", "?token=%zz", "?" + strings.Repeat("token=", 900)} {
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				if w := a.do(t, method, path+tok, ""); w.status != http.StatusOK {
					t.Errorf("%s %s%s: %d", method, path, tok, w.status)
				}
			}
			a.get(t, path+tok).want(t, http.StatusOK, `<form method="post" action="`+path+`">`)
		}
	}
	if a.dump(t) != before {
		t.Error("opening links changed the store")
	}
	a.post(t, "/confirm", "token", linking).want(t, http.StatusOK)
}

func TestPagesConfirmAddress(t *testing.T) {
	t.Parallel()
	a := pagesStart(t, nil)
	tok := a.signUp(t)
	a.get(t, "/confirm?token="+tok).want(t, http.StatusOK, "Confirm your e-mail address", "if it was you who signed up")
	a.get(t, "/confirm?token=x").want(t, http.StatusOK, "Confirm your e-mail address", "the mail that you got")
	a.post(t, "/confirm", "token", tok).want(t, http.StatusOK, "Your e-mail address is confirmed")
	if u, err := a.op.User(pagesEmail); err != nil || !u.EmailVerified {
		t.Errorf("confirmed: %+v, %v", u, err)
	}
	if got := a.signIn(t, "siti", pagesPassword); got != http.StatusOK {
		t.Errorf("signing in: %d", got)
	}
	a.post(t, "/confirm", "token", tok).want(t, http.StatusBadRequest, "This link no longer works", `action="/confirm"`, pagesAskForm)
	a.post(t, "/confirm").want(t, http.StatusBadRequest, pagesAskForm)
}

func TestPagesAnotherConfirmation(t *testing.T) {
	t.Parallel()
	a := pagesStart(t, nil)
	a.signUp(t)
	// The sign-up's own mail is no part of the quota, so the first one asked
	// for is sent at once.
	a.post(t, "/confirm", "email", pagesEmail).want(t, http.StatusOK, "Check your e-mail")
	_, link := a.letter(t)
	if !strings.HasPrefix(link, a.base+"/confirm?token=") {
		t.Fatalf("the mail leads to %q", link)
	}
	a.post(t, "/confirm", "token", a.tokenOf(t, link)).want(t, http.StatusOK, "Your e-mail address is confirmed")
}

func TestPagesLinking(t *testing.T) {
	t.Parallel()
	a := pagesStart(t, verifiesGoogle)
	a.signUp(t)
	tok := a.linking(t)
	a.get(t, "/confirm?token="+tok).want(t, http.StatusOK, "Link your Google account")
	a.post(t, "/confirm", "token", tok).want(t, http.StatusOK, "Your Google account is linked", `href="/reset-password"`)
	if u, err := a.op.User(pagesEmail); err != nil || u.GoogleID != "g-1" {
		t.Errorf("linked: %+v, %v", u, err)
	}
	used := a.post(t, "/confirm", "token", tok)
	used.want(t, http.StatusBadRequest, "This link no longer works", "sign in with Google again")
	used.lacks(t, pagesAskForm)
}

func TestPagesAskingTellsNothing(t *testing.T) {
	t.Parallel()
	a := pagesStart(t, nil)
	a.signUp(t)
	for _, path := range []string{"/reset-password", "/confirm"} {
		known := a.post(t, path, "email", pagesEmail)
		unknown := a.post(t, path, "email", "nobody@example.com")
		if known.status != http.StatusOK || known.body != unknown.body || known.status != unknown.status {
			t.Errorf("%s tells who has an account: %d and %d", path, known.status, unknown.status)
		}
		a.post(t, path, "email", "no address").want(t, http.StatusUnprocessableEntity, `value="no address"`, "is not a valid e-mail address", pagesAskForm)
		a.post(t, path, "email", "").want(t, http.StatusUnprocessableEntity, "is required")
	}
}
