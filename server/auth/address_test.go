package auth_test

import (
	"fmt"
	"testing"
	"time"

	"kunci/server/auth"
)

func limits(l auth.Limits) func(*auth.Config) { return func(c *auth.Config) { c.Limits = l } }

// failures counts the wrong guesses that an address can make, each at another
// name, until it has to wait; and says how long.
func (h *house) failures(next func(i int) string) (n int, wait time.Duration) {
	h.t.Helper()
	for n = range 1000 {
		if wait = h.guess(fmt.Sprintf("nobody%d%d", h.clock.Now().UnixNano(), n), next(n)); wait != 0 {
			return n, wait
		}
	}
	h.t.Fatal("no limit")
	return 0, 0
}

func always(addr string) func(int) string { return func(int) string { return addr } }

func TestAddressFailures(t *testing.T) {
	t.Parallel()
	h := newHouse(t, limits(auth.DefaultLimits))
	if n, wait := h.failures(always(home)); n != 10 || wait != 6*time.Second {
		t.Errorf("%d failures in a minute, then a wait of %v; want 10 and 6s", n, wait)
	}
	if wait := h.guess("another", "192.0.2.11"); wait != 0 {
		t.Errorf("the next address waits %v", wait)
	}
	h.register("budi@example.com", "")
	if _, err := h.login(snapotp, "budi@example.com", goodPassword, home); err == nil {
		t.Error("an address that has to wait signs in")
	}
	h.clock.add(6 * time.Second)
	if n, wait := h.failures(always(home)); n != 1 || wait != 6*time.Second {
		t.Errorf("%d failures after 6 s, then %v; want 1 and 6s", n, wait)
	}
	total := 11
	for range 20 { // by the hour: 50, and one more each 72 s
		h.clock.add(time.Minute)
		n, wait := h.failures(always(home))
		total += n
		if wait > 6*time.Second {
			break
		}
	}
	if want := 50 + 5; total < 50 || total > want { // five minutes give back four
		t.Errorf("%d failures in the first minutes, want 50 to %d", total, want)
	}
}

// The network around an address has three times as many.
func TestNetworkFailures(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		next          func(int) string
		n             int
		inside, other string
	}{
		"IPv4 /26":          {func(i int) string { return fmt.Sprintf("192.0.2.%d", 64+i%64) }, 30, "192.0.2.127", "192.0.2.128"},
		"IPv4 in IPv6":      {func(i int) string { return fmt.Sprintf("::ffff:192.0.2.%d", 64+i%64) }, 30, "192.0.2.127", "192.0.2.63"},
		"IPv6 /64":          {func(i int) string { return fmt.Sprintf("2001:db8:1:1::%x", i+1) }, 10, "2001:db8:1:1:ffff::", "2001:db8:1:2::"},
		"IPv6 /48":          {func(i int) string { return fmt.Sprintf("2001:db8:1:%x::1", i) }, 30, "2001:db8:1:ffff::", "2001:db8:2::"},
		"one IPv4 in IPv6":  {always("::ffff:192.0.2.1"), 10, "192.0.2.1", "192.0.2.2"},
		"one IPv6, in zone": {always("fe80::1%eth0"), 10, "fe80::2%eth1", "fe80:0:0:1::1"},
	} {
		h := newHouse(t, limits(auth.Limits{FailuresPerMinute: 10}))
		if n, _ := h.failures(test.next); n != test.n {
			t.Errorf("%s: %d failures, want %d", name, n, test.n)
		}
		if h.guess("inside", test.inside) == 0 || h.guess("outside", test.other) != 0 {
			t.Errorf("%s: %s has to wait, %s has not", name, test.inside, test.other)
		}
	}
}

func TestSignUpsPerHour(t *testing.T) {
	t.Parallel()
	h := newHouse(t, limits(auth.Limits{SignUpsPerHour: 3}), social(auth.SocialVerify, auth.SocialOff))
	up := func(i int) error {
		_, err := h.SignUp(t.Context(), caller(shoop, home), auth.SignUp{Email: fmt.Sprintf("budi%d@example.com", i), Password: goodPassword, Name: "Budi"})
		return err
	}
	for i := range 3 {
		h.check(up(i))
	}
	if e := wantKind(t, up(3), auth.TooMany); e.RetryAfter != 20*time.Minute {
		t.Errorf("retry after %v, want 20m", e.RetryAfter)
	}
	_, err := h.signInGoogle("g-1", "google@gmail.com", "")
	wantKind(t, err, auth.TooMany)
	h.in(shoop, "budi1@example.com") // signing in is no sign-up
	h.clock.add(20 * time.Minute)
	must[*auth.Grant](t)(h.signInGoogle("g-1", "google@gmail.com", ""))
	wantKind(t, up(4), auth.TooMany)
}

func TestForgotsPerTenMinutes(t *testing.T) {
	t.Parallel()
	h := newHouse(t, limits(auth.Limits{ForgotsPerTenMinutes: 5}))
	forgot := func(i int) error {
		_, err := h.Forgot(t.Context(), caller(snapotp, home), auth.Forgot{Email: fmt.Sprintf("nobody%d@example.com", i)})
		return err
	}
	for i := range 5 {
		h.check(forgot(i))
	}
	if e := wantKind(t, forgot(5), auth.TooMany); e.RetryAfter != 2*time.Minute {
		t.Errorf("retry after %v, want 2m", e.RetryAfter)
	}
	h.clock.add(2 * time.Minute)
	h.check(forgot(6))
}

// Every wrong guess counts, whatever it guesses at.
func TestWhatCountsAsFailure(t *testing.T) {
	t.Parallel()
	for name, guess := range map[string]func(h *house) error{
		"reset":    func(h *house) error { return h.reset("nonsense", newPassword) },
		"confirm":  func(h *house) error { _, err := h.Confirm(t.Context(), caller(snapotp, home), "nonsense"); return err },
		"facebook": func(h *house) error { _, err := h.signInFacebook("forged", "1"); return err },
		"fb_token": func(h *house) error { return h.signUpFacebook("budi@example.com", "forged") },
		"google": func(h *house) error {
			_, err := h.SignInGoogle(t.Context(), caller(snapotp, home), auth.SignInGoogle{GoogleID: "1", Email: "b@example.com", Name: "B", IDToken: "forged"})
			return err
		},
	} {
		h := newHouse(t, limits(auth.Limits{FailuresPerMinute: 3}), social(auth.SocialVerify, auth.SocialVerify))
		for range 3 {
			if k := auth.AsError(guess(h)).Kind; k != auth.BadLink && k != auth.Refused {
				t.Fatalf("%s: kind %d", name, k)
			}
		}
		if h.guess("nobody", home) == 0 {
			t.Errorf("%s: three wrong guesses do not count", name)
		}
	}
}

func TestLoopbackExemptOnlyWhenSet(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{"127.0.0.1", "::1", "::ffff:127.0.0.1"} {
		h := newHouse(t, limits(auth.Limits{FailuresPerMinute: 3}))
		if n, _ := h.failures(always(addr)); n != 3 {
			t.Errorf("%s: %d failures, want 3", addr, n)
		}
		h = newHouse(t, limits(auth.Limits{FailuresPerMinute: 3, ExemptLoopback: true}))
		for i := range 20 {
			if h.guess(fmt.Sprintf("nobody%d", i), addr) != 0 {
				t.Fatalf("%s: has to wait, though exempt", addr)
			}
		}
		if n, _ := h.failures(always(home)); n != 3 {
			t.Errorf("%d failures from elsewhere, want 3", n)
		}
		for range 5 { // names are slowed all the same
			h.guess("nobody", addr)
		}
		if h.guess("nobody", addr) != time.Second {
			t.Error("no delay at a name from loopback")
		}
	}
}
