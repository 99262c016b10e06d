package auth_test

import (
	"context"
	"testing"

	"kunci/db"
	"kunci/server/auth"
)

func (h *house) signInFacebook(tok, uid string) (*auth.Grant, error) {
	return h.SignInFacebook(context.Background(), caller(shoop, home), auth.SignInFacebook{Token: tok, UserID: uid, GCMID: "phone"})
}

func (h *house) signUpFacebook(email, fbToken string) error {
	_, err := h.SignUp(context.Background(), caller(shoop, home), auth.SignUp{Email: email, Password: goodPassword, Name: "Budi", FBToken: fbToken})
	return err
}

func TestFacebookOff(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.check(h.signUpFacebook("budi@example.com", "tok"))
	h.check(h.signUpFacebook("sari@example.com", "tok")) // ignored, so not taken
	if a := h.account("budi@example.com"); a.Facebook.Subject != "" || a.FBToken != nil {
		t.Errorf("account %+v", a)
	}
	_, err := h.signInFacebook("tok", "100")
	wantKind(t, err, auth.NotSetUp)
}

func TestFacebookVerify(t *testing.T) {
	t.Parallel()
	h := newHouse(t, social(auth.SocialOff, auth.SocialVerify))
	h.facebook["tok"], h.facebook["tok2"], h.facebook["other"] = "100", "100", "200"
	h.check(h.signUpFacebook("budi@example.com", "tok"))
	a := h.account("budi@example.com")
	if a.Facebook != (db.SocialID{Subject: "100"}) || a.EmailVerified || a.FBToken != nil {
		t.Errorf("account %+v", a)
	}
	for _, tok := range []string{"tok", "tok2"} { // whichever token names the id
		g := must[*auth.Grant](t)(h.signInFacebook(tok, "100"))
		if g.ID != 1 || g.Created || !h.stands(g.Token) || h.account("budi@example.com").GCMID != "phone" {
			t.Errorf("grant %+v", g)
		}
	}
	for name, test := range map[string]struct {
		tok, uid string
		kind     auth.Kind
	}{
		"forged":                {"forged", "100", auth.Refused},
		"another's token":       {"other", "100", auth.Refused},
		"an id nobody holds":    {"other", "200", auth.Refused},
		"an id of no token":     {"tok", "200", auth.Refused},
		"not to be checked now": {"down", "100", auth.Busy},
		"no token":              {"", "100", auth.Invalid},
		"no id":                 {"tok", "", auth.Invalid},
	} {
		_, err := h.signInFacebook(test.tok, test.uid)
		if e := auth.AsError(err); err == nil || e.Kind != test.kind {
			t.Errorf("%s: %v, want kind %d", name, err, test.kind)
		}
	}
	for tok, kind := range map[string]auth.Kind{"tok2": auth.Taken, "forged": auth.Refused, "down": auth.Busy} {
		wantKind(t, h.signUpFacebook("sari@example.com", tok), kind)
	}
	h.check(h.op.Disable(t.Context(), "budi@example.com"))
	_, err := h.signInFacebook("tok", "100")
	wantKind(t, err, auth.Unauthenticated)
	if g := h.register("sari@example.com", ""); g.ID != 2 {
		t.Errorf("id %d: Facebook made an account", g.ID)
	}
}

func TestFacebookTrust(t *testing.T) {
	t.Parallel()
	h := newHouse(t, social(auth.SocialOff, auth.SocialTrust))
	h.check(h.signUpFacebook("budi@example.com", "tok"))
	wantKind(t, h.signUpFacebook("sari@example.com", "tok"), auth.Taken)
	_, err := h.signInFacebook("other", "100")
	wantKind(t, err, auth.Refused)
	if g := must[*auth.Grant](t)(h.signInFacebook("tok", "100")); g.ID != 1 || !h.stands(g.Token) {
		t.Errorf("grant %+v", g)
	}
	if a := h.account("budi@example.com"); a.Facebook != (db.SocialID{Subject: "100", Claimed: true}) || a.EmailVerified {
		t.Errorf("account %+v", a)
	}
	must[*auth.Grant](t)(h.signInFacebook("tok", "100"))
	_, err = h.signInFacebook("tok", "200") // the token names one id, the first
	wantKind(t, err, auth.Refused)
	wantKind(t, h.signUpFacebook("sari@example.com", "tok"), auth.Taken)
}

func TestFacebookTrustFirstLoginAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, social(auth.SocialOff, auth.SocialTrust))
	h.check(h.signUpFacebook("budi@example.com", "tok"))
	uids := []string{"100", "200", "300", "400"}
	won := 0
	for i, err := range atOnce(len(uids), func(i int) error { _, err := h.signInFacebook("tok", uids[i]); return err }) {
		if err != nil {
			wantKind(t, err, auth.Refused)
			continue
		}
		won++
		if got := h.account("budi@example.com").Facebook.Subject; got != uids[i] {
			t.Errorf("bound to %s, signed in as %s", got, uids[i])
		}
	}
	if won != 1 {
		t.Errorf("%d ids were bound, want 1", won)
	}
}

// What was taken on trust never counts where claims are verified, and one id
// at two providers is two identities.
func TestClaimedAndVerifiedApart(t *testing.T) {
	t.Parallel()
	h := newHouse(t, social(auth.SocialVerify, auth.SocialVerify))
	h.facebook["tok"] = "7"
	h.register("claims@example.com", "")
	h.edit("claims@example.com", func(a *db.Account) {
		a.Facebook, a.Google = db.SocialID{Subject: "7", Claimed: true}, db.SocialID{Subject: "7", Claimed: true}
	})
	_, err := h.signInFacebook("tok", "7")
	wantKind(t, err, auth.Refused)
	h.check(h.signUpFacebook("proves@example.com", "tok"))
	if g := must[*auth.Grant](t)(h.signInFacebook("tok", "7")); g.Email != "proves@example.com" {
		t.Errorf("Facebook's 7 is %s", g.Email)
	}
	google := must[*auth.Grant](t)(h.signInGoogle("7", "google@example.com", ""))
	if !google.Created || google.Email != "google@example.com" {
		t.Errorf("Google's 7 is %+v", google)
	}
}
