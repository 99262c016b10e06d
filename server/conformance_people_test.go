package server_test

import (
	"context"
	"errors"
	"net/netip"
	"strconv"
	"sync"
	"testing"
	"time"

	"kunci/server/auth"
	"kunci/server/password"
)

// people are the accounts that the conformance suite knows.
func people(t *testing.T, a *app) {
	t.Helper()
	for _, u := range []user{
		{email: "dashboard@example.com", password: secret, member: true},
		{email: "pwa@example.com", password: secret},
		{email: "shoop@example.com", password: secret},
		{email: "smart@example.com", password: secret},
		{email: "snapotp@example.com", username: "snapotp", password: secret},
		{email: "registered@example.com", username: "registered", password: secret, self: true},
		{email: "linked@example.com", google: "g-linked", facebook: "fb-linked", password: secret},
		{email: "gone@example.com", google: "g-gone", facebook: "fb-gone", password: secret},
	} {
		a.add(t, u)
	}
	a.log.secret(wrong)
	must(t, a.op.Disable(t.Context(), "gone@example.com"))
}

// social verifies by stand-ins for Google and Facebook. Google's ID tokens
// are words here: "good" names g-new, "as <id> <email>" whomever it says.
func social(s *setup) {
	s.auth.GoogleMode, s.auth.FacebookMode = auth.SocialVerify, auth.SocialVerify
	s.auth.Google = func(_ context.Context, idToken string) (auth.GoogleIdentity, error) {
		who, ok := googlers[idToken]
		switch {
		case idToken == "outage":
			return auth.GoogleIdentity{}, errors.New("the keys can't be fetched")
		case !ok:
			return auth.GoogleIdentity{}, auth.ErrClaimRefused
		}
		return who, nil
	}
	s.auth.Facebook = func(_ context.Context, token string) (string, error) {
		id, ok := facebookers[token]
		switch {
		case token == "outage":
			return "", errors.New("the Graph API does not answer")
		case !ok:
			return "", auth.ErrClaimRefused
		}
		return id, nil
	}
}

// googlers are whom Google vouches for, by ID token.
var googlers = map[string]auth.GoogleIdentity{
	"good":           {Subject: "g-new", Email: "g-new@example.com", EmailVerified: true},
	"linked":         {Subject: "g-linked", Email: "linked@example.com", EmailVerified: true},
	"gone":           {Subject: "g-gone", Email: "gone@example.com", EmailVerified: true},
	"other":          {Subject: "g-other", Email: "smart@example.com", EmailVerified: true},
	"unverified":     {Subject: "g-new", Email: "g-new@example.com"},
	"hosted":         {Subject: "g-hosted", Email: "hosted@example.com", EmailVerified: true, HostedDomain: "example.com"},
	"gmail":          {Subject: "g-mail", Email: "Some.One@gmail.com", EmailVerified: true},
	"not-quite-mail": {Subject: "g-fake", Email: "someone@notgmail.com", EmailVerified: true},
}

// facebookers are whom Facebook vouches for, by access token.
var facebookers = map[string]string{"fb-good": "fb-new", "fb-linked": "fb-linked", "fb-gone": "fb-gone"}

// jam keeps a hasher busy, with as many callers of our own address waiting as
// may wait, until the test ends.
func jam(t *testing.T, a *app) {
	t.Helper()
	costly, err := password.New(password.Params{Memory: 32 << 10, Time: 2, Threads: 1}, 1).Hash(t.Context(), "nobody's")
	must(t, err)
	ctx, stop := context.WithCancel(context.Background())
	ours := a.hasher.For(netip.MustParseAddr("127.0.0.1"))
	var callers sync.WaitGroup
	t.Cleanup(func() { stop(); callers.Wait() })
	for range 80 {
		callers.Go(func() {
			for ctx.Err() == nil {
				var busy *password.BusyError
				if _, err := ours.Verify(ctx, costly, "another"); errors.As(err, &busy) {
					time.Sleep(time.Millisecond) // no room to wait in: the jam is complete
				}
			}
		})
	}
	for running, waiting := a.hasher.Load(); running < 1 || waiting < 64; running, waiting = a.hasher.Load() {
		time.Sleep(time.Millisecond)
	}
}

// network is an address in a network of its own, so that what is counted
// against one endpoint's does not count against another's.
func network(e *endpoint) string {
	for i := range endpoints {
		if e == &endpoints[i] {
			return "10." + strconv.Itoa(i) + ".0.1"
		}
	}
	return ""
}
