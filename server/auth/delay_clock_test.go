package auth_test

import (
	"testing"
	"time"

	"kunci/server/auth"
)

// A delay that was stored while the clock was far ahead is no lock-out once
// the clock is right again.
func TestDelaysOfAWrongClock(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.register("budi@example.com", "budi")
	h.clock.add(10 * 365 * 24 * time.Hour)
	for range 5 {
		_, _ = h.login(snapotp, "budi", "a wrong one", "198.51.100.9")
	}
	if err := h.SaveDelays(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.clock.add(-10 * 365 * 24 * time.Hour)
	again := h.restarted()
	_, err := again.login(snapotp, "budi", goodPassword, "198.51.100.9")
	if e := wantKind(t, err, auth.TooMany); e.RetryAfter > 15*time.Minute {
		t.Errorf("the owner is to wait %v", e.RetryAfter)
	}
	h.clock.add(15 * time.Minute)
	must[*auth.Grant](t)(again.login(snapotp, "budi", goodPassword, "198.51.100.9"))
}
