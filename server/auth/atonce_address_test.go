package auth_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kunci/server/auth"
	"kunci/server/password"
)

// One address, with right passwords or wrong ones, can't fill the gate: what
// it asks beyond its share is refused at once, and others are served.
func TestOneAddressCannotFillTheGate(t *testing.T) {
	t.Parallel()
	slow := someMilliseconds(t)
	h := newHouse(t, func(c *auth.Config) { c.Hasher = slow; c.Limits = auth.Limits{} })
	h.register("budi@example.com", "budi")
	var greedy sync.WaitGroup
	var refused, judged atomic.Int32
	for i := range 60 {
		greedy.Go(func() {
			in := auth.SignIn{Username: fmt.Sprint("nobody", i), Password: newPassword}
			_, err := h.SignIn(t.Context(), caller(snapotp, "203.0.113.9"), in)
			switch auth.AsError(err).Kind {
			case auth.Busy:
				refused.Add(1)
			case auth.Unauthenticated:
				judged.Add(1)
			}
		})
	}
	for running := 0; running == 0; running, _ = slow.Load() {
	}
	if _, err := h.login(snapotp, "budi", goodPassword, "198.51.100.7"); err != nil {
		t.Errorf("a bystander: %v", err)
	}
	greedy.Wait()
	if judged.Load() == 0 || refused.Load() == 0 || judged.Load()+refused.Load() != 60 {
		t.Errorf("%d judged, %d refused", judged.Load(), refused.Load())
	}
	if _, err := h.login(snapotp, "budi", goodPassword, "203.0.113.9"); err != nil {
		t.Errorf("when all is over: %v", err)
	}
}

// someMilliseconds is a hasher whose hashes take long enough for callers to
// pile up, and short enough for a full share of one address to pass in time,
// on this machine as it is now.
func someMilliseconds(t *testing.T) *password.Hasher {
	t.Helper()
	for memory := uint32(256); ; memory *= 2 {
		h := password.New(password.Params{Memory: memory, Time: 1, Threads: 1}, 1)
		cost, err := h.Cost(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		if cost >= 4*time.Millisecond {
			return h
		}
	}
}
