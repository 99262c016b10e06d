package auth_test

import (
	"context"
	"testing"
	"time"

	"kunci/db"
	"kunci/mail"
	"kunci/server/auth"
)

// before is what an account has gathered before its address is proved.
type before struct {
	*house
	email          string
	confirm, reset string // links that were mailed
	tokens         []string
}

func newBefore(t *testing.T, email string, verified bool) *before {
	h := newHouse(t, social(auth.SocialVerify, auth.SocialVerify))
	h.facebook["fb"] = "100"
	b := &before{house: h, email: email}
	g := must[*auth.Grant](t)(h.SignUp(t.Context(), caller(shoop, home), auth.SignUp{Email: email, Password: goodPassword, Name: "Budi", FBToken: "fb"}))
	b.confirm = linkOf(t, h.takeMails(mail.Confirm)[0])
	b.reset = h.resetLink(email)
	b.tokens = []string{g.Token, h.in(snapotp, email).Token}
	h.edit(email, func(a *db.Account) {
		a.EmailVerified = verified
		a.Google = db.SocialID{Subject: "claimed", Claimed: true}
		a.FBToken = []byte("the hash of a token, 32 bytes ..")
	})
	h.clock.add(2 * time.Minute) // the next mail is within the quota
	return b
}

// proofs are the ways to prove an address; each returns a session that it made.
var proofs = map[string]func(b *before) (string, error){
	"confirm": func(b *before) (string, error) {
		_, err := b.Confirm(context.Background(), caller(snapotp, home), b.confirm)
		return "", err
	},
	"reset": func(b *before) (string, error) { return "", b.house.reset(b.reset, newPassword) },
	"google": func(b *before) (string, error) {
		g, err := b.signInGoogle("g-1", b.email, "example.com")
		if err != nil {
			return "", err
		}
		return g.Token, nil
	},
	"linking": func(b *before) (string, error) {
		b.takeMails("")
		_, err := b.signInGoogle("g-1", b.email, "")
		wantKind(b.t, err, auth.Conflict)
		mails := b.takeMails(mail.ConfirmLink)
		if len(mails) != 1 {
			b.t.Fatalf("%d mails that offer linking", len(mails))
		}
		done, err := b.Confirm(context.Background(), caller(snapotp, home), linkOf(b.t, mails[0]))
		if err == nil && done.Provider != "Google" {
			b.t.Errorf("confirmed %+v", done)
		}
		return "", err
	},
}

// after is what is left of it.
type after struct {
	oldPassword, newPassword, sessions, reset, facebook bool
	google                                              string
}

func (b *before) after() after {
	a := b.account(b.email)
	left := after{google: a.Google.Subject, facebook: a.Facebook.Subject == "100" && len(a.FBToken) > 0}
	if (a.Facebook.Subject != "" || len(a.FBToken) > 0) != left.facebook {
		b.t.Errorf("half of the Facebook identity is left: %+v", a)
	}
	left.sessions = b.stands(b.tokens[0])
	if b.stands(b.tokens[1]) != left.sessions {
		b.t.Error("one of two sessions is left")
	}
	left.reset = b.alive(b.reset)
	_, err := b.login(snapotp, b.email, goodPassword, home)
	left.oldPassword = err == nil
	_, err = b.login(snapotp, b.email, newPassword, home)
	left.newPassword = err == nil
	return left
}

// CONTRACT 2: the first proof ends everything that came before it and was not
// just proved; a second proof ends no more than it says.
func TestProofs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		proof    string
		verified bool
		want     after
	}{
		{"confirm", false, after{oldPassword: true}},
		{"reset", false, after{newPassword: true}},
		{"google", false, after{google: "g-1"}},
		{"linking", false, after{google: "g-1"}},
		{"confirm", true, after{oldPassword: true, sessions: true, reset: true, facebook: true, google: "claimed"}},
		{"reset", true, after{newPassword: true, facebook: true, google: "claimed"}},
		{"google", true, after{oldPassword: true, sessions: true, reset: true, facebook: true, google: "g-1"}},
		{"linking", true, after{oldPassword: true, sessions: true, reset: true, facebook: true, google: "g-1"}},
	} {
		b := newBefore(t, "budi@example.com", test.verified)
		session, err := proofs[test.proof](b)
		if err != nil {
			t.Errorf("%s: %v", test.proof, err)
			continue
		}
		if session != "" && !b.stands(session) {
			t.Errorf("%s: the session that it made does not stand", test.proof)
		}
		if !b.account(b.email).EmailVerified {
			t.Errorf("%s: the address is not verified", test.proof)
		}
		if got := b.after(); got != test.want {
			t.Errorf("%s, verified before: %v: left\n%+v, want\n%+v", test.proof, test.verified, got, test.want)
		}
	}
}

func TestConfirmLink(t *testing.T) {
	t.Parallel()
	confirm := func(h *house, tok string) error {
		_, err := h.Confirm(t.Context(), caller(snapotp, home), tok)
		return err
	}
	b := newBefore(t, "budi@example.com", false)
	wantKind(t, confirm(b.house, b.reset), auth.BadLink)
	wantKind(t, confirm(b.house, "nonsense"), auth.BadLink)
	b.clock.add(24*time.Hour - 2*time.Minute)
	wantKind(t, confirm(b.house, b.confirm), auth.BadLink) // good for 24 hours
	again := func() []mail.Job {
		must[auth.Done](t)(b.Forgot(t.Context(), caller(snapotp, home), auth.Forgot{Email: b.email, Confirm: true}))
		return b.takeMails(mail.Confirm)
	}
	mails := again()
	if len(mails) != 1 || b.LinkPurpose(linkOf(t, mails[0])) != db.PurposeConfirm {
		t.Fatalf("another confirmation: %+v", mails)
	}
	tok := linkOf(t, mails[0])
	b.check(confirm(b.house, tok))
	wantKind(t, confirm(b.house, tok), auth.BadLink)
	b.clock.add(time.Hour)
	if len(again()) != 0 {
		t.Error("a confirmation is mailed for a verified address")
	}
	if b.LinkPurpose("nonsense") != "" || b.LinkPurpose(b.reset) != db.PurposeReset {
		t.Error("LinkPurpose")
	}
}

// Of several confirmations at once one succeeds.
func TestConfirmOneWinner(t *testing.T) {
	t.Parallel()
	b := newBefore(t, "budi@example.com", false)
	won := 0
	for _, err := range atOnce(10, func(int) error {
		_, err := b.Confirm(context.Background(), caller(snapotp, home), b.confirm)
		return err
	}) {
		if err == nil {
			won++
			continue
		}
		wantKind(t, err, auth.BadLink)
	}
	if won != 1 {
		t.Errorf("%d confirmations succeeded, want 1", won)
	}
}
