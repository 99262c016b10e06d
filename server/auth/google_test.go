package auth_test

import (
	"context"
	"strings"
	"testing"

	"kunci/db"
	"kunci/mail"
	"kunci/server/auth"
)

// signInGoogle signs in with an ID token that says just what is claimed.
func (h *house) signInGoogle(id, email, hd string) (*auth.Grant, error) {
	tok := "id token of " + id + " " + email + " " + hd
	h.google[tok] = auth.GoogleIdentity{Subject: id, Email: email, EmailVerified: true, HostedDomain: hd}
	return h.SignInGoogle(context.Background(), caller(snapotp, home), auth.SignInGoogle{GoogleID: id, Email: email, Name: "Budi", IDToken: tok})
}

func TestGoogleOff(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add("budi@gmail.com", auth.Edit{GoogleID: ptr("g-1")})
	_, err := h.signInGoogle("g-1", "budi@gmail.com", "")
	wantKind(t, err, auth.NotSetUp)
}

func TestGoogleMakesAccount(t *testing.T) {
	t.Parallel()
	for mode, verified := range map[auth.SocialMode]bool{auth.SocialVerify: true, auth.SocialTrust: false} {
		h := newHouse(t, social(mode, auth.SocialOff))
		g := must[*auth.Grant](t)(h.signInGoogle("g-1", "Budi@Example.com", ""))
		if !g.Created || g.ID != 1 || g.Email != "Budi@Example.com" || g.Name != "Budi" || !h.stands(g.Token) {
			t.Errorf("mode %d: grant %+v", mode, g)
		}
		a := h.account("budi@example.com")
		if a.EmailVerified != verified || !a.SelfRegistered || a.PasswordHash != "" || a.Google != (db.SocialID{Subject: "g-1", Claimed: !verified}) {
			t.Errorf("mode %d: account %+v", mode, a)
		}
		if n := len(h.mails()); n != 0 {
			t.Errorf("mode %d: %d mails", mode, n)
		}
		again := must[*auth.Grant](t)(h.signInGoogle("g-1", "budi@elsewhere.example", ""))
		if again.Created || again.ID != 1 || again.Email != "Budi@Example.com" {
			t.Errorf("mode %d: the second sign-in gets %+v", mode, again)
		}
	}
}

func TestGoogleRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t, social(auth.SocialVerify, auth.SocialOff))
	h.google["good"] = auth.GoogleIdentity{Subject: "g-1", Email: "budi@gmail.com", EmailVerified: true}
	h.google["unverified"] = auth.GoogleIdentity{Subject: "g-1", Email: "budi@gmail.com"}
	for name, test := range map[string]struct {
		in   auth.SignInGoogle
		kind auth.Kind
	}{
		"forged":         {auth.SignInGoogle{GoogleID: "g-1", Email: "budi@gmail.com", Name: "B", IDToken: "forged"}, auth.Refused},
		"another id":     {auth.SignInGoogle{GoogleID: "g-2", Email: "budi@gmail.com", Name: "B", IDToken: "good"}, auth.Refused},
		"another e-mail": {auth.SignInGoogle{GoogleID: "g-1", Email: "sari@gmail.com", Name: "B", IDToken: "good"}, auth.Refused},
		"not verified":   {auth.SignInGoogle{GoogleID: "g-1", Email: "budi@gmail.com", Name: "B", IDToken: "unverified"}, auth.Refused},
		"not to check":   {auth.SignInGoogle{GoogleID: "g-1", Email: "budi@gmail.com", Name: "B", IDToken: "down"}, auth.Busy},
		"no token":       {auth.SignInGoogle{GoogleID: "g-1", Email: "budi@gmail.com", Name: "B"}, auth.Invalid},
		"no id":          {auth.SignInGoogle{Email: "budi@gmail.com", Name: "B", IDToken: "good"}, auth.Invalid},
		"no name":        {auth.SignInGoogle{GoogleID: "g-1", Email: "budi@gmail.com", IDToken: "good"}, auth.Invalid},
		"no e-mail":      {auth.SignInGoogle{GoogleID: "g-1", Name: "B", IDToken: "good"}, auth.Invalid},
		"long id":        {auth.SignInGoogle{GoogleID: strings.Repeat("1", 256), Email: "budi@gmail.com", Name: "B", IDToken: "good"}, auth.Invalid},
	} {
		_, err := h.SignInGoogle(t.Context(), caller(snapotp, home), test.in)
		e := wantKind(t, err, test.kind)
		if (e.RetryAfter > 0) != (test.kind == auth.Busy) {
			t.Errorf("%s: retry after %v", name, e.RetryAfter)
		}
	}
	g := must[*auth.Grant](t)(h.SignInGoogle(t.Context(), caller(snapotp, home), auth.SignInGoogle{GoogleID: "g-1", Email: "BUDI@gmail.com", Name: "B", IDToken: "good"}))
	if g.ID != 1 {
		t.Errorf("id %d: a refused sign-in made an account", g.ID)
	}
}

// Who gets which answer when the address belongs to an account already.
func TestGoogleMeetsAccount(t *testing.T) {
	t.Parallel()
	const gmail, own = "budi@gmail.com", "budi@example.com"
	for name, test := range map[string]struct {
		mode      auth.SocialMode
		email, hd string
		account   func(*db.Account)
		kind      auth.Kind // Internal: it signs in
		mail      mail.Kind
	}{
		"gmail":               {mode: auth.SocialVerify, email: gmail, mail: mail.Linked},
		"hosted":              {mode: auth.SocialVerify, email: own, hd: "example.com", mail: mail.Linked},
		"neither":             {mode: auth.SocialVerify, email: own, kind: auth.Conflict, mail: mail.ConfirmLink},
		"like gmail":          {mode: auth.SocialVerify, email: "budi@notgmail.com", kind: auth.Conflict, mail: mail.ConfirmLink},
		"below gmail":         {mode: auth.SocialVerify, email: "budi@gmail.com.example.com", kind: auth.Conflict, mail: mail.ConfirmLink},
		"holds another":       {auth.SocialVerify, gmail, "", func(a *db.Account) { a.Google.Subject = "g-2" }, auth.Conflict, mail.ConfirmLink},
		"claimed another":     {auth.SocialVerify, gmail, "", func(a *db.Account) { a.Google = db.SocialID{Subject: "g-2", Claimed: true} }, auth.Internal, mail.Linked},
		"claimed the same":    {auth.SocialVerify, gmail, "", func(a *db.Account) { a.Google = db.SocialID{Subject: "g-1", Claimed: true} }, auth.Internal, mail.Linked},
		"claimed, no word":    {auth.SocialVerify, own, "", func(a *db.Account) { a.Google = db.SocialID{Subject: "g-1", Claimed: true} }, auth.Conflict, mail.ConfirmLink},
		"disabled":            {auth.SocialVerify, gmail, "", func(a *db.Account) { a.Disabled = true }, auth.Unauthenticated, ""},
		"disabled, no word":   {auth.SocialVerify, own, "", func(a *db.Account) { a.Disabled = true }, auth.Conflict, ""},
		"disabled holder":     {auth.SocialVerify, own, "", func(a *db.Account) { a.Google.Subject, a.Disabled = "g-1", true }, auth.Unauthenticated, ""},
		"trust":               {mode: auth.SocialTrust, email: gmail, kind: auth.Conflict},
		"trust, hosted":       {mode: auth.SocialTrust, email: own, hd: "example.com", kind: auth.Conflict},
		"trust, proved id":    {auth.SocialTrust, gmail, "", func(a *db.Account) { a.Google.Subject = "g-1" }, auth.Conflict, ""},
		"trust, claimed id":   {auth.SocialTrust, gmail, "", func(a *db.Account) { a.Google = db.SocialID{Subject: "g-1", Claimed: true} }, auth.Internal, ""},
		"trust, disabled too": {auth.SocialTrust, gmail, "", func(a *db.Account) { a.Disabled = true }, auth.Conflict, ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, social(test.mode, auth.SocialOff))
			h.add(test.email, auth.Edit{})
			if test.account != nil {
				h.edit(test.email, test.account)
			}
			was := *h.account(test.email)
			g, err := h.signInGoogle("g-1", strings.ToUpper(test.email), test.hd)
			if test.kind != auth.Internal {
				wantKind(t, err, test.kind)
				if now := h.account(test.email); now.Google != was.Google || now.EmailVerified != was.EmailVerified {
					t.Errorf("refused, and yet changed to %+v", now)
				}
			} else if must[*auth.Grant](t)(g, err).ID != 1 || g.Created || !h.stands(g.Token) {
				t.Errorf("grant %+v", g)
			}
			mails := h.mails()
			if test.mail == "" {
				if len(mails) != 0 {
					t.Errorf("mails %+v", mails)
				}
				return
			}
			if len(mails) != 1 || mails[0].Message.Kind != test.mail || mails[0].Message.To != test.email || mails[0].Message.Provider != "Google" {
				t.Errorf("mails %+v, want one %s", mails, test.mail)
			}
		})
	}
}

func TestGoogleAtOnce(t *testing.T) {
	t.Parallel()
	for name, account := range map[string]func(*house){
		"first sign-in": func(*house) {},
		"linking":       func(h *house) { h.add("budi@gmail.com", auth.Edit{EmailVerified: ptr(true)}) },
		"first proof":   func(h *house) { h.add("budi@gmail.com", auth.Edit{}) },
	} {
		h := newHouse(t, social(auth.SocialVerify, auth.SocialOff))
		account(h)
		h.google["tok"] = auth.GoogleIdentity{Subject: "g-1", Email: "budi@gmail.com", EmailVerified: true}
		for _, err := range atOnce(50, func(int) error {
			g, err := h.SignInGoogle(context.Background(), caller(snapotp, home), auth.SignInGoogle{GoogleID: "g-1", Email: "budi@gmail.com", Name: "Budi", IDToken: "tok"})
			if err == nil && g.ID != 1 {
				t.Errorf("%s: account %d", name, g.ID)
			}
			return err
		}) {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if g := h.register("sari@example.com", ""); g.ID != 2 {
			t.Errorf("%s: the next account has id %d, want 2", name, g.ID)
		}
		if n := len(h.takeMails(mail.Linked)); n > 1 {
			t.Errorf("%s: %d notices", name, n)
		}
	}
}

func TestGoogleLinkIsTaken(t *testing.T) {
	t.Parallel()
	h := newHouse(t, social(auth.SocialVerify, auth.SocialOff))
	h.add("budi@example.com", auth.Edit{})
	_, err := h.signInGoogle("g-1", "budi@example.com", "")
	wantKind(t, err, auth.Conflict)
	tok := linkOf(t, h.takeMails(mail.ConfirmLink)[0])
	must[*auth.Grant](t)(h.signInGoogle("g-1", "budi.second@gmail.com", "")) // the id goes to another account
	_, err = h.Confirm(t.Context(), caller(snapotp, home), tok)
	wantKind(t, err, auth.BadLink)
	if a := h.account("budi@example.com"); a.EmailVerified || a.Google.Subject != "" {
		t.Errorf("account %+v", a)
	}
}

func TestGoogleSignUpClosed(t *testing.T) {
	t.Parallel()
	h := newHouse(t, social(auth.SocialVerify, auth.SocialOff), func(c *auth.Config) { c.Registers = []string{"shoop"} })
	_, err := h.signInGoogle("g-1", "budi@gmail.com", "")
	wantKind(t, err, auth.NotAdmitted)
	h.add("budi@gmail.com", auth.Edit{})
	must[*auth.Grant](t)(h.signInGoogle("g-1", "budi@gmail.com", ""))
}
