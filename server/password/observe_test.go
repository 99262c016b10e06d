package password

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// An observer hears of every slot that was given, how long its caller waited
// and its work took, and of everybody who was refused.
func TestObserve(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newSmall(1)
		if !h.Refused().IsZero() {
			t.Errorf("refused at %v before anybody came", h.Refused())
		}
		var got, waited, hashed, refused atomic.Int64
		h.Observe(Observer{
			Waited:  func(d time.Duration) { got.Add(1); waited.Add(int64(d)) },
			Hashed:  func(d time.Duration) { hashed.Add(int64(d)) },
			Refused: func() { refused.Add(1) },
		})
		work := func(d time.Duration) {
			go run(t.Context(), h.gate, networks{}, func() bool { time.Sleep(d); return true })
			synctest.Wait()
		}
		work(3 * time.Second)
		work(2 * time.Second) // waits 3 s
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if got.Load() != 2 || waited.Load() != int64(3*time.Second) || hashed.Load() != int64(5*time.Second) || refused.Load() != 0 {
			t.Errorf("%d slots, %v waited, %v hashed, %d refused", got.Load(), time.Duration(waited.Load()), time.Duration(hashed.Load()), refused.Load())
		}
		work(time.Minute)
		work(time.Second) // loses patience
		time.Sleep(maxPatience)
		synctest.Wait()
		if refused.Load() != 1 || !h.Refused().Equal(time.Now()) {
			t.Errorf("%d refused, the last at %v, now %v", refused.Load(), h.Refused(), time.Now())
		}
		for range h.gate.limit + 1 {
			work(time.Millisecond)
		}
		if refused.Load() != 2 {
			t.Errorf("%d refused of one too many", refused.Load())
		}
		time.Sleep(5 * time.Minute)
		synctest.Wait()
	})
}

// Functions that an observer leaves out are not called.
func TestObserveSome(t *testing.T) {
	t.Parallel()
	h := newSmall(1)
	hashed := 0
	h.Observe(Observer{Hashed: func(time.Duration) { hashed++ }})
	if _, err := h.Hash(t.Context(), "some password"); err != nil || hashed != 1 {
		t.Errorf("%d hashes, %v", hashed, err)
	}
}
