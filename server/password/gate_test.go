package password

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// occupy fills a slot until the returned function is called. Its caller waits like any
// other, so it runs in a goroutine of its own.
func occupy(ctx context.Context, h *Hasher) (release func()) {
	hold := make(chan struct{})
	go run(ctx, h.gate, networks{}, func() bool { <-hold; return true })
	synctest.Wait()
	return func() { close(hold); synctest.Wait() }
}

func newSmall(width int) *Hasher {
	return New(Params{Memory: 64, Time: 1, Threads: 1}, width)
}

func wantLoad(t *testing.T, h *Hasher, running, waiting int) {
	t.Helper()
	if r, w := h.Load(); r != running || w != waiting {
		t.Errorf("load %d running, %d waiting; want %d, %d", r, w, running, waiting)
	}
}

func wantBusy(t *testing.T, err error) {
	t.Helper()
	busy, ok := errors.AsType[*BusyError](err)
	if !ok {
		t.Fatalf("error %v, want a *BusyError", err)
	}
	if busy.RetryAfter != time.Second && busy.RetryAfter != 2*time.Second {
		t.Errorf("retry after %v", busy.RetryAfter)
	}
	if !strings.Contains(busy.Error(), busy.RetryAfter.String()) {
		t.Errorf("text %q does not name the delay", busy.Error())
	}
}

func TestGateWidth(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const width, callers = 3, 3 + 64
		h := newSmall(width)
		var running, peak, ran atomic.Int64
		var all sync.WaitGroup
		for range callers {
			all.Go(func() {
				_, err := run(t.Context(), h.gate, networks{}, func() bool {
					now := running.Add(1)
					for p := peak.Load(); now > p && !peak.CompareAndSwap(p, now); p = peak.Load() {
					}
					time.Sleep(time.Millisecond) // of the bubble's clock: all callers come before anyone is done
					running.Add(-1)
					ran.Add(1)
					return true
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		wantLoad(t, h, width, callers-width)
		all.Wait()
		if peak.Load() != width || ran.Load() != callers {
			t.Errorf("%d ran, %d at once; want %d, %d", ran.Load(), peak.Load(), callers, width)
		}
		wantLoad(t, h, 0, 0)
	})
}

// A caller that leaves while its hash runs keeps the slot, and hears what came
// of it: leaving early is no way to have hashes made for nothing.
func TestGateHoldsTheSlotOfACallerWhoLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newSmall(1)
		ctx, cancel := context.WithCancel(t.Context())
		hold, gone := make(chan struct{}), make(chan error, 1)
		go func() {
			_, err := run(ctx, h.gate, networks{}, func() bool { <-hold; return true })
			gone <- err
		}()
		synctest.Wait()
		cancel()
		synctest.Wait()
		wantLoad(t, h, 1, 0)
		_, err := h.Hash(t.Context(), "rahasia-baru")
		wantBusy(t, err)
		close(hold)
		if err := <-gone; err != nil {
			t.Errorf("the caller who left got %v", err)
		}
		wantLoad(t, h, 0, 0)
		if _, err := h.Hash(t.Context(), "rahasia-baru"); err != nil {
			t.Errorf("after the work ended: %v", err)
		}
	})
}

func TestGateQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newSmall(1)
		release := occupy(t.Context(), h)
		start := time.Now()
		var all sync.WaitGroup
		for range 64 {
			all.Go(func() {
				_, err := h.Verify(t.Context(), "", "rahasia-baru")
				wantBusy(t, err)
				if waited := time.Since(start); waited != maxPatience {
					t.Errorf("waited %v, want %v", waited, maxPatience)
				}
			})
		}
		synctest.Wait()
		wantLoad(t, h, 1, 64)
		_, err := h.Hash(t.Context(), "rahasia-baru")
		wantBusy(t, err)
		if waited := time.Since(start); waited != 0 {
			t.Errorf("the 65th waited %v", waited)
		}
		wantLoad(t, h, 1, 64)
		all.Wait()
		wantLoad(t, h, 1, 0)
		release()
		wantLoad(t, h, 0, 0)
	})
}

func TestGateServesInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newSmall(1)
		release := occupy(t.Context(), h)
		const callers = 5
		order := make(chan int, callers)
		for i := range callers {
			go run(t.Context(), h.gate, networks{}, func() bool { order <- i; return true })
			synctest.Wait()
		}
		release()
		for want := range callers {
			if got := <-order; got != want {
				t.Errorf("caller %d served in place %d", got, want)
			}
		}
	})
}

func TestGateLeavingTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newSmall(1)
		release := occupy(t.Context(), h)
		defer release()
		ctx, cancel := context.WithCancel(t.Context())
		gone := make(chan error, 1)
		start := time.Now()
		go func() {
			_, err := h.Hash(ctx, "rahasia-baru")
			gone <- err
		}()
		synctest.Wait()
		wantLoad(t, h, 1, 1)
		cancel()
		if err := <-gone; !errors.Is(err, context.Canceled) || time.Since(start) != 0 {
			t.Errorf("left after %v with %v", time.Since(start), err)
		}
		wantLoad(t, h, 1, 0)
	})
}

// With no slot free and no patience, whatever tried to hash would be told to come back:
// another error than ErrStored means that work was begun.
func TestHostileHashesAreRefusedBeforeAnyWork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newSmall(1)
		release := occupy(t.Context(), h)
		defer release()
		h.gate.limit = 0
		for _, stored := range []string{
			"plain",
			"$argon2id$v=19$m=4194304,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODw",
			"$argon2id$v=19$m=64,t=11,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODw",
			"$argon2id$v=19$m=262144,t=4,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODw",
			"$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
		} {
			if _, err := h.Verify(t.Context(), stored, "rahasia-baru"); !errors.Is(err, ErrStored) {
				t.Errorf("%q: %v", stored, err)
			}
		}
		_, err := h.Verify(t.Context(), "", "rahasia-baru")
		wantBusy(t, err) // no hash at all costs work
	})
}

func TestPanicFreesTheSlot(t *testing.T) {
	t.Parallel()
	h := newSmall(1)
	for range 3 { // more often than there are slots
		_, err := run(t.Context(), h.gate, networks{}, func() bool { panic("rahasia-baru") })
		if err == nil || strings.Contains(err.Error(), "rahasia") {
			t.Errorf("panic with a value: %v", err)
		}
		var none []byte
		_, err = run(t.Context(), h.gate, networks{}, func() byte { return none[len(none)] })
		if err == nil || !strings.Contains(err.Error(), "index out of range") {
			t.Errorf("panic of the runtime: %v", err)
		}
	}
	wantLoad(t, h, 0, 0)
}
