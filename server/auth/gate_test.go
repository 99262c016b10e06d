package auth_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kunci/server/auth"
	"kunci/server/password"
)

// A few networks that ask without pause can't fill the gate: what they ask
// beyond its queue is refused, and others are served meanwhile.
func TestFewNetworksCannotFillTheGate(t *testing.T) {
	t.Parallel()
	slow := someMilliseconds(t)
	h := newHouse(t, func(c *auth.Config) { c.Hasher = slow; c.Limits = auth.Limits{} })
	h.register("budi@example.com", "budi")
	ctx, stop := context.WithCancel(t.Context())
	var greedy sync.WaitGroup
	var refused, judged atomic.Int32
	for i := range 120 {
		greedy.Go(func() {
			from := caller(snapotp, fmt.Sprintf("203.%d.113.%d", i%4, i))
			for try := 0; ctx.Err() == nil; try++ {
				in := auth.SignIn{Username: fmt.Sprint("nobody", i, "of", try), Password: newPassword}
				_, err := h.SignIn(ctx, from, in)
				switch auth.AsError(err).Kind {
				case auth.Unauthenticated:
					judged.Add(1)
				case auth.Busy:
					refused.Add(1)
					time.Sleep(10 * time.Millisecond)
				}
			}
		})
	}
	for refused.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	for i := range 5 {
		if _, err := h.login(snapotp, "budi", goodPassword, fmt.Sprintf("198.51.100.%d", i)); err != nil {
			t.Errorf("a bystander: %v", err)
		}
	}
	stop()
	greedy.Wait()
	if judged.Load() == 0 || refused.Load() == 0 {
		t.Errorf("%d judged, %d refused", judged.Load(), refused.Load())
	}
}

// However many guesses an address sends at the same moment, and however late
// they are answered, few are judged before they count.
func TestFewGuessesAtOnce(t *testing.T) {
	t.Parallel()
	slow := someMilliseconds(t)
	h := newHouse(t, func(c *auth.Config) { c.Hasher = slow; c.Limits = auth.DefaultLimits })
	h.register("budi@example.com", "budi")
	if err := h.MeasureFloor(t.Context()); err != nil {
		t.Fatal(err)
	}
	judged := 0
	for range 3 {
		for _, err := range atOnce(100, func(i int) error {
			_, err := h.SignIn(t.Context(), caller(snapotp, "203.0.113.9"), auth.SignIn{Username: fmt.Sprint("nobody", i), Password: newPassword})
			return err
		}) {
			if auth.AsError(err).Kind == auth.Unauthenticated {
				judged++
			}
		}
	}
	if judged < 10 || judged > 10+32 {
		t.Errorf("%d guesses of one address were judged", judged)
	}
	if _, err := h.login(snapotp, "budi", goodPassword, "198.51.100.7"); err != nil {
		t.Errorf("a bystander: %v", err)
	}
}

// someMilliseconds is a hasher whose hashes take long enough for callers to
// pile up, and short enough for the queue to pass in time, on this machine as
// it is now.
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
