package auth_test

import (
	"testing"
	"time"

	"kunci/db"
	"kunci/server/auth"
)

// restarted is the same house after its process has ended and begun again.
func (h *house) restarted() *house {
	h.t.Helper()
	again := *h
	again.Service = auth.New(h.Config)
	again.op = auth.Operator{Service: again.Service}
	return &again
}

func (h *house) delays() (n int) {
	h.t.Helper()
	if err := h.Store.View(func(v db.View) error {
		v.Delays(func([]byte, *db.Delay) bool { n++; return true })
		return nil
	}); err != nil {
		h.t.Fatal(err)
	}
	return n
}

func TestDelaysSurviveARestart(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.register("budi@example.com", "budi")
	guess := func(h *house, name string) *auth.Error {
		t.Helper()
		_, err := h.login(snapotp, name, "a wrong one", "198.51.100.9")
		return auth.AsError(err)
	}
	for _, name := range []string{"budi", "nobody"} {
		for range 5 {
			if e := guess(h, name); e.Kind != auth.Unauthenticated {
				t.Fatal(e)
			}
		}
		h.clock.add(time.Second)
		guess(h, name)
	}
	for range 4 {
		guess(h, "barely")
	}
	if err := h.SaveDelays(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := h.delays(); n != 2 {
		t.Errorf("%d delays are stored: only names that are slowed down are worth it", n)
	}
	again := h.restarted()
	for _, name := range []string{"budi", "nobody"} {
		before, after := guess(h, name), guess(again, name)
		if before.Kind != auth.TooMany || after.Kind != auth.TooMany || before.RetryAfter != after.RetryAfter {
			t.Errorf("%s: %v (%v), after the restart %v (%v)", name, before, before.RetryAfter, after, after.RetryAfter)
		}
	}
	// A reset clears a delay for good, and time forgets the other.
	if err := again.reset(again.resetLink("budi@example.com"), newPassword); err != nil {
		t.Fatal(err)
	}
	if err := again.SaveDelays(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := again.delays(); n != 1 {
		t.Errorf("%d delays after the reset", n)
	}
	h.clock.add(3 * time.Hour)
	if err := again.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := again.delays(); n != 0 {
		t.Errorf("%d delays of which nothing is left", n)
	}
}
