package db_test

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"kunci/db"
	"kunci/db/bolt"
	"kunci/db/dbtest"
)

// perAct is how many sessions one act of a test adds or sweeps.
const perAct = 20

// hotel is a store where many sign in and few stay.
type hotel struct {
	*db.Store
	path     string
	accounts uint64
	made     uint64
}

func newHotel(t *testing.T, accounts int) *hotel {
	t.Helper()
	e, path := dbtest.Engine(t)
	s, err := db.New(e)
	if err != nil {
		t.Fatal(err)
	}
	for first := 1; first <= accounts; first += perAct {
		update(t, s, func(tx db.Tx) error {
			var errs []error
			for n := first; n < first+perAct; n++ {
				errs = append(errs, tx.AddAccount(person(n)))
			}
			return errors.Join(errs...)
		})
	}
	return &hotel{Store: s, path: path, accounts: uint64(accounts)}
}

// signIns adds n sessions that last for so long, several acts at a time as
// callers do.
func (h *hotel) signIns(t *testing.T, n int, now, lasts db.Time) {
	t.Helper()
	var wg sync.WaitGroup
	room := make(chan struct{}, 64)
	for range n / perAct {
		numbers := h.made
		h.made += perAct
		room <- struct{}{}
		wg.Go(func() {
			defer func() { <-room }()
			ids := make([]db.ID, perAct)
			for i := range ids {
				binary.NativeEndian.PutUint64(ids[i][:], rand.Uint64())
				binary.NativeEndian.PutUint64(ids[i][8:], rand.Uint64())
			}
			err := h.Update(context.Background(), func(tx db.Tx) error {
				var errs []error
				for i, id := range ids {
					account := 1 + (numbers+uint64(i))%h.accounts
					errs = append(errs, tx.AddSession(&db.Session{
						ID: id, Account: account, Audience: "shoop", Created: now, Expires: now + lasts, KeyHash: slices.Concat(id[:], id[:]), Addr: "192.0.2.7",
					}))
				}
				return errors.Join(errs...)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// sweep removes what has expired as the server does, act by act.
func (h *hotel) sweep(t *testing.T, now db.Time) (total int) {
	t.Helper()
	for swept := perAct; swept == perAct; total += swept {
		update(t, h.Store, func(tx db.Tx) (err error) { swept, err = tx.SweepSessions(now, perAct); return err })
	}
	return total
}

func (h *hotel) size(t *testing.T) int64 {
	t.Helper()
	info, err := os.Stat(h.path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// inLong is n, or many where tests may take minutes (TEST_LONG=1).
func inLong(n, many int) int {
	if os.Getenv("TEST_LONG") == "1" {
		return many
	}
	return n
}

// Sign-ins that expire leave the file at most twice as large as those that
// stand at one time make it.
func TestExpiredSessionsLeaveNothing(t *testing.T) {
	t.Parallel()
	const lasts, rounds = 4, 20 // a sign-in lasts for four rounds
	perRound := inLong(8_000, 1_000_000) / rounds
	h := newHotel(t, max(200, perRound/10)/perAct*perAct)
	steady, largest, swept := int64(0), int64(0), 0
	for round := range rounds {
		now := noon + db.Time(round)*6*hour
		h.signIns(t, perRound, now, lasts*6*hour)
		swept += h.sweep(t, now)
		switch size := h.size(t); {
		case round <= lasts: // filling up
			steady = size
		default:
			largest = max(largest, size)
		}
	}
	swept += h.sweep(t, noon+999*day)
	if int(h.made) != swept {
		t.Errorf("%d of %d sign-ins were swept", swept, h.made)
	}
	t.Logf("%d sign-ins, %d standing at one time: %d bytes when first so many stood, at most %d since", h.made, lasts*perRound, steady, largest)
	if largest > 2*steady {
		t.Errorf("the file grew from %d bytes to %d", steady, largest)
	}
	if faults, err := h.Check(); len(faults) > 0 || err != nil {
		t.Errorf("%q, %v", faults, err)
	}
	h.bare(t)
}

// bare compares what is left when all have left with what newcomers make.
func (h *hotel) bare(t *testing.T) {
	t.Helper()
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	e, err := bolt.Open(h.path)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range dump(t, e) {
		if s := string(entry.space); len(s) >= 7 && s[:7] == "session" {
			t.Errorf("%s still holds %x", s, entry.key)
		}
	}
	small := filepath.Join(t.TempDir(), "small.db")
	before, after, err := e.Compact(small)
	t.Logf("compacted: %d bytes before, %d after", before, after)
	if err := errors.Join(err, e.Close()); err != nil || after > before/2 {
		t.Errorf("compacting %d bytes leaves %d, %v", before, after, err)
	}
}

// A sweep of many must not hold up those who sign in meanwhile.
func TestSweepHoldsNobodyUp(t *testing.T) {
	h := newHotel(t, 400)
	h.signIns(t, inLong(8_000, 18_000), noon, hour) // at most 50 stand for one account
	ctx, cancel := context.WithCancel(t.Context())
	var took []time.Duration
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			begin := time.Now()
			if err := h.Update(context.Background(), func(tx db.Tx) error { tx.Touch(begin); return nil }); err != nil {
				t.Error(err)
				return
			}
			took = append(took, time.Since(begin))
			time.Sleep(time.Millisecond)
		}
	}()
	if swept := h.sweep(t, noon+day); swept != int(h.made) {
		t.Errorf("swept %d of %d", swept, h.made)
	}
	cancel()
	<-done
	slices.Sort(took)
	median, longest := took[len(took)/2], took[len(took)-1]
	t.Logf("%d writes beside the sweep: half within %v, all within %v", len(took), median, longest)
	if len(took) < 20 || median > 100*time.Millisecond || longest > 2*time.Second { // the machine's disk is others' too
		t.Error("the sweep holds writers up")
	}
}
