package auth_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"kunci/mail"
	"kunci/server/auth"
)

func TestForgotMailsStoredAddress(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.register("Budi@Example.com", "")
	h.takeMails("")
	c := caller(shoop, home)
	c.Lang = "id"
	must[auth.Done](t)(h.Forgot(t.Context(), c, auth.Forgot{Email: "bUDI@eXAMPLE.cOM", WithProfile: true}))
	mails := h.takeMails(mail.Profile)
	if len(mails) != 1 {
		t.Fatalf("%d mails, want 1", len(mails))
	}
	m := mails[0].Message
	if m.To != "Budi@Example.com" || m.Lang != "id" || m.Name != "Budi Santoso" || len(m.Profile) == 0 {
		t.Errorf("message %+v", m)
	}
	if h.LinkPurpose(linkOf(t, mails[0])) != "reset" || !mails[0].Expires.Equal(h.clock.Now().Add(30*time.Minute)) {
		t.Errorf("a link for %q until %v", h.LinkPurpose(linkOf(t, mails[0])), mails[0].Expires)
	}
}

func TestForgotLooksTheSame(t *testing.T) {
	t.Parallel()
	h, spy := spiedHouse(t)
	h.register("budi@example.com", "")
	h.register("off@example.com", "")
	if err := h.op.Disable(t.Context(), "off@example.com"); err != nil {
		t.Fatal(err)
	}
	h.takeMails("")
	for _, test := range []struct {
		email string
		mails int
	}{{"budi@example.com", 1}, {"budi@example.com", 0}, {"off@example.com", 0}, {"nobody@example.com", 0}} {
		before := spy.acts()
		must[auth.Done](t)(h.Forgot(t.Context(), caller(snapotp, home), auth.Forgot{Email: test.email}))
		if acts := spy.acts() - before; acts != 1 {
			t.Errorf("%s: %d acts wrote, want 1", test.email, acts)
		}
		if got := len(h.takeMails(mail.Reset)); got != test.mails {
			t.Errorf("%s: %d mails, want %d", test.email, got, test.mails)
		}
	}
	_, err := h.Forgot(t.Context(), caller(snapotp, home), auth.Forgot{Email: "no address"})
	wantKind(t, err, auth.Invalid)
}

func TestForgotQuotaOfOneRange(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.register("budi@example.com", "")
	h.register("sari@example.com", "")
	mailed := func(email, addr string) int { t.Helper(); return len(h.forgot(email, addr)) }

	if mailed("budi@example.com", home) != 1 || mailed("budi@example.com", "192.0.2.99") != 0 {
		t.Error("one mail per range in two minutes")
	}
	if mailed("sari@example.com", home) != 1 || mailed("budi@example.com", "192.0.3.10") != 1 {
		t.Error("another account and another range have a mail of their own")
	}
	h.clock.add(2*time.Minute - time.Second)
	if mailed("budi@example.com", home) != 0 {
		t.Error("a mail before two minutes were over")
	}
	h.clock.add(time.Second)
	for i := 2; i <= 5; i++ {
		if mailed("budi@example.com", home) != 1 {
			t.Errorf("mail %d of the day did not come", i)
		}
		h.clock.add(2 * time.Minute)
	}
	if mailed("budi@example.com", home) != 0 {
		t.Error("a sixth mail in a day")
	}
	h.clock.add(24*time.Hour - 10*time.Minute - time.Second)
	if mailed("budi@example.com", home) != 0 {
		t.Error("a sixth mail within 24 hours")
	}
	h.clock.add(time.Second)
	if mailed("budi@example.com", home) != 1 {
		t.Error("no mail once the first is 24 hours old")
	}
}

func TestForgotQuotaOfRangeIPv6(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.register("budi@example.com", "")
	for i, test := range []struct {
		addr  string
		mails int
	}{{"2001:db8:0:1200::1", 1}, {"2001:db8:0:12ff::1", 0}, {"2001:db8:0:1300::1", 1}, {"::ffff:203.0.113.1", 1}, {"203.0.113.200", 0}} {
		if got := len(h.forgot("budi@example.com", test.addr)); got != test.mails {
			t.Errorf("%d: %d mails for %s, want %d", i, got, test.addr, test.mails)
		}
	}
}

func TestForgotQuotaOfAccount(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.register("budi@example.com", "") // from home, which is known from then on
	sent := 0
	for i := range 40 {
		sent += len(h.forgot("budi@example.com", fmt.Sprintf("203.0.%d.1", i)))
	}
	if sent != 23 {
		t.Errorf("strangers caused %d mails in a day, want 23", sent)
	}
	if got := len(h.forgot("budi@example.com", home)); got != 1 {
		t.Error("none was kept for a range that has signed in")
	}
	h.clock.add(time.Hour)
	if got := len(h.forgot("budi@example.com", home)); got != 0 {
		t.Error("a twenty-fifth mail in a day")
	}
	h.clock.add(23 * time.Hour)
	if got := len(h.forgot("budi@example.com", stranger)); got != 1 {
		t.Error("no mail on the next day")
	}
}

func TestForgotThreeTokensAlive(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.register("budi@example.com", "")
	var tokens []string
	for i := range 4 {
		tokens = append(tokens, h.forgot("budi@example.com", fmt.Sprintf("203.0.%d.1", i))...)
		h.clock.add(time.Second)
	}
	if len(tokens) != 4 {
		t.Fatalf("%d tokens, want 4", len(tokens))
	}
	for i, tok := range tokens {
		if h.alive(tok) != (i > 0) {
			t.Errorf("token %d of four: alive is %v", i+1, i == 0)
		}
	}
	must[auth.Done](t)(h.Reset(t.Context(), caller(snapotp, home), auth.Reset{Token: tokens[1], Password: goodPassword + "2"}))
	for _, tok := range tokens {
		if h.alive(tok) {
			t.Error("a token survives the reset")
		}
	}
}

// What is mailed or answered opens an account; what is stored must not.
func TestNoTokenIsStored(t *testing.T) {
	t.Parallel()
	h := newHouse(t, social(auth.SocialOff, auth.SocialTrust))
	g := h.register("budi@example.com", "")
	key := h.in(shoop, "budi@example.com").Token
	must[*auth.Grant](t)(h.SignUp(t.Context(), caller(shoop, home), auth.SignUp{Email: "sari@example.com", Password: goodPassword, Name: "Sari", FBToken: "a-facebook-token"}))
	confirm := linkOf(t, h.takeMails(mail.Confirm)[0])
	reset := h.resetLink("budi@example.com")

	var file bytes.Buffer // the whole file, free pages too
	if _, err := h.Store.Backup(&file); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(file.Bytes(), []byte("budi@example.com")) {
		t.Fatal("the copy does not hold what is stored")
	}
	for name, secret := range map[string]string{
		"token": g.Token, "key": key, "confirmation": confirm, "reset token": reset, "password": goodPassword, "fb_token": "a-facebook-token",
	} {
		forms := [][]byte{[]byte(secret)}
		if raw, err := base64.RawURLEncoding.DecodeString(secret); err == nil {
			forms = append(forms, raw)
		}
		if raw, err := hex.DecodeString(secret); err == nil {
			forms = append(forms, raw)
		}
		for _, form := range forms {
			if bytes.Contains(file.Bytes(), form) {
				t.Errorf("the %s is stored in clear", name)
			}
		}
	}
}
