package auth_test

import (
	"fmt"
	"testing"
	"time"

	"kunci/server/auth"
)

// A Google sign-in that meets an account again and again writes nothing but
// the mail it was the first to ask for, and counts as a failure.
func TestGoogleConflictsWriteNothing(t *testing.T) {
	t.Parallel()
	h, spy := spiedHouse(t)
	h.Config.GoogleMode = auth.SocialVerify
	h.register("tuti@example.com", "")
	seen := uint64(0)
	_, err := h.signInGoogle("g-3", "tuti@example.com", "")
	wantKind(t, err, auth.Conflict)
	h.tells(&seen, "snapotp tuti sign-up ok", "snapotp tuti link-asked ok", "snapotp tuti sign-in social_conflict: google: an account with this e-mail stands")
	before := spy.acts()
	for range 5 {
		_, err := h.signInGoogle("g-3", "tuti@example.com", "")
		wantKind(t, err, auth.Conflict)
	}
	if n := spy.acts() - before; n != 0 {
		t.Errorf("%d acts", n)
	}
	if got := h.told(auth.AuditQuery{Event: "link-asked", Outcome: "no_mail"}); len(got) != 1 ||
		got[0] != "snapotp tuti link-asked no_mail: this account and address range were mailed less than two minutes ago ×5" {
		t.Errorf("%q", got)
	}
}

func TestGoogleConflictsAreFailures(t *testing.T) {
	t.Parallel()
	h := newHouse(t, social(auth.SocialVerify, auth.SocialOff), func(c *auth.Config) { c.Limits.FailuresPerMinute = 3 })
	h.register("tuti@example.com", "")
	for i := range 4 {
		_, err := h.signInGoogle("g-3", "tuti@example.com", "")
		wantKind(t, err, map[bool]auth.Kind{true: auth.Conflict, false: auth.TooMany}[i < 3])
	}
}

// Sign-ins that cost no hash are bounded by account and by address.
func TestSocialLimits(t *testing.T) {
	t.Parallel()
	h := newHouse(t, social(auth.SocialVerify, auth.SocialVerify), func(c *auth.Config) {
		c.Limits = auth.DefaultLimits
		c.Limits.SocialPerMinute = 60
	})
	for i := range 8 {
		id := fmt.Sprint("f-", i)
		h.facebook[id] = id
		h.add(fmt.Sprintf("u%d@example.com", i), auth.Edit{GoogleID: ptr(fmt.Sprint("g-", i)), FacebookID: ptr(id)})
	}
	google := func(i int) error {
		_, err := h.signInGoogle(fmt.Sprint("g-", i), fmt.Sprintf("u%d@example.com", i), "example.com")
		return err
	}
	facebook := func(i int) error {
		id := fmt.Sprint("f-", i)
		_, err := h.signInFacebook(id, id)
		return err
	}
	for range 5 { // of one account, whichever the way
		h.check(google(7))
		h.check(facebook(7))
	}
	for _, again := range []error{google(7), facebook(7)} {
		if wait := wantKind(t, again, auth.TooMany).RetryAfter; wait != 6*time.Second {
			t.Errorf("wait of %v, want 6s", wait)
		}
	}
	for i := range 48 { // of one address, 12 of its 60 are used
		h.check(google(i % 6))
	}
	for _, next := range []error{google(6), facebook(6)} {
		wantKind(t, next, auth.TooMany)
	}
	h.clock.add(time.Minute)
	h.check(google(7))
	h.check(facebook(6))
}
