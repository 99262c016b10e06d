package auth_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"kunci/server/auth"
)

// guess tries a wrong password and returns how long to wait, 0 where the try
// was made.
func (h *house) guess(who, addr string) time.Duration {
	h.t.Helper()
	_, err := h.login(snapotp, who, "wrong-password", addr)
	e := auth.AsError(err)
	switch e.Kind {
	case auth.TooMany:
		if e.RetryAfter <= 0 {
			h.t.Error("too many without RetryAfter")
		}
		return e.RetryAfter
	case auth.Unauthenticated:
		return 0
	}
	h.t.Fatal(err)
	return 0
}

// Names are slowed by the same steps whether or not there is an account.
func TestNameDelays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.register("budi@example.com", "budi")
	for _, who := range []string{"budi@example.com", "budi", "nobody@example.com", "nobody"} {
		for i := range 5 {
			if wait := h.guess(who, stranger); wait != 0 {
				t.Fatalf("%s: wait of %v before failure %d", who, wait, i+1)
			}
		}
		for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 512, 900, 900, 900} { // 512 twice: a step was forgotten by then
			want *= time.Second
			if wait := h.guess(who, stranger); wait != want {
				t.Fatalf("%s: wait of %v, want %v", who, wait, want)
			}
			h.clock.add(want - time.Millisecond)
			if wait := h.guess(who, stranger); wait != time.Millisecond {
				t.Fatalf("%s: %v left, want 1ms", who, wait)
			}
			h.clock.add(time.Millisecond)
			if wait := h.guess(who, stranger); wait != 0 {
				t.Fatalf("%s: wait of %v after %v", who, wait, want)
			}
		}
	}
}

func TestNameDelayCountsEverySpelling(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for i, who := range []string{"Budi@example.com", "budi@EXAMPLE.com", "BUDI@example.com", "budi@example.com", "bUdi@example.com"} {
		if wait := h.guess(who, fmt.Sprintf("203.0.%d.1", i)); wait != 0 {
			t.Fatalf("wait of %v", wait)
		}
	}
	for i, who := range []string{"Budi", "bUDI", "ＢＵＤＩ", "budi", "BUDI"} {
		if wait := h.guess(who, fmt.Sprintf("203.0.%d.1", i)); wait != 0 {
			t.Fatalf("wait of %v", wait)
		}
	}
	for _, who := range []string{"buDi@example.com", "buDi"} {
		if wait := h.guess(who, home); wait != time.Second {
			t.Errorf("%s: wait of %v, want 1s", who, wait)
		}
	}
}

func TestNameForgets(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for range 5 {
		h.guess("nobody", stranger)
	}
	h.clock.add(time15) // one step: one more failure is free
	if h.guess("nobody", stranger) != 0 || h.guess("nobody", stranger) != time.Second {
		t.Error("after 15 minutes one step is forgotten")
	}
	h.clock.add(5 * time15)
	for i := range 5 {
		if wait := h.guess("nobody", stranger); wait != 0 {
			t.Errorf("wait of %v at failure %d, all was forgotten", wait, i+1)
		}
	}
	if h.guess("nobody", stranger) != time.Second {
		t.Error("more than all was forgotten")
	}
}

// A right password gives back what the try had taken, so it never counts.
func TestRightPasswordNeverCounts(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *auth.Config) { c.Limits = auth.DefaultLimits })
	h.register("budi@example.com", "")
	for i := range 100 {
		addr := home
		if i%2 == 1 { // every other time from a range that is new
			addr = fmt.Sprintf("203.0.%d.1", i)
		}
		if _, err := h.login(snapotp, "budi@example.com", goodPassword, addr); err != nil {
			t.Fatalf("sign-in %d: %v", i+1, err)
		}
	}
	for range 5 {
		if wait := h.guess("budi@example.com", stranger); wait != 0 {
			t.Fatalf("wait of %v", wait)
		}
	}
	if wait := h.guess("budi@example.com", stranger); wait != time.Second {
		t.Errorf("wait of %v, want 1s", wait)
	}
}

// A right password does not put off the next try at a name that is slowed.
func TestRightPasswordDelaysNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.register("budi@example.com", "")
	for range 5 {
		h.guess("budi@example.com", stranger)
	}
	h.clock.add(time.Second)
	for i := range 3 {
		if _, err := h.login(snapotp, "budi@example.com", goodPassword, fmt.Sprintf("203.0.%d.1", i)); err != nil {
			t.Errorf("sign-in %d: %v", i+1, err)
		}
	}
}

// A stranger's failures do not keep the owner out, nor the owner's the stranger.
func TestKnownRangeHasItsOwnAllowance(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.register("budi@example.com", "")
	for h.guess("budi@example.com", stranger) == 0 {
	}
	must[*auth.Grant](t)(h.login(snapotp, "budi@example.com", goodPassword, "192.0.2.200"))
	for i := range 10 {
		if wait := h.guess("budi@example.com", home); wait != 0 {
			t.Fatalf("wait of %v at try %d from a known range", wait, i+1)
		}
	}
	if wait := h.guess("budi@example.com", "192.0.2.200"); wait != 90*time.Second {
		t.Errorf("wait of %v, want 90s", wait)
	}
	h.clock.add(90 * time.Second)
	if h.guess("budi@example.com", home) != 0 || h.guess("budi@example.com", home) != 90*time.Second {
		t.Error("one more try each 90 s")
	}
	must[*auth.Grant](t)(h.login(snapotp, "budi@example.com", goodPassword, stranger))
	h.clock.add(31 * 24 * time.Hour) // a range is known for 30 days
	for range 5 {
		h.guess("budi@example.com", home)
	}
	if wait := h.guess("budi@example.com", home); wait != time.Second {
		t.Errorf("wait of %v after 31 days, want 1s as for a stranger", wait)
	}
}

// However many guess at the same time, no more than the free tries are made.
func TestGuessesAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.register("budi@example.com", "")
	made := 0
	for _, err := range atOnce(20, func(int) error {
		_, err := h.SignIn(context.Background(), caller(snapotp, stranger), auth.SignIn{Email: "budi@example.com", Password: "guess"})
		return err
	}) {
		if auth.AsError(err).Kind == auth.Unauthenticated {
			made++
		}
	}
	if made != 5 {
		t.Errorf("%d guesses were made, want 5", made)
	}
}
