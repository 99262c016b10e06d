package db_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kunci/db"
)

func addLink(t testing.TB, s *db.Store, n int, account uint64, purpose db.Purpose) {
	t.Helper()
	l := fullLink(n, account)
	l.Purpose = purpose
	update(t, s, func(tx db.Tx) error { return tx.AddLink(l) })
}

// links are an account's links by the numbers they were made from.
func links(t testing.TB, s *db.Store, account uint64) (numbers []int) {
	t.Helper()
	view(t, s, func(v db.View) error {
		all, err := v.Links(account)
		for _, l := range all {
			numbers = append(numbers, int(l.Created-noon))
		}
		return err
	})
	return numbers
}

func TestLinkRoundTrip(t *testing.T) {
	t.Parallel()
	s := store(t, 1)
	want := fullLink(1, 1)
	whole(t, want)
	update(t, s, func(tx db.Tx) error { return tx.AddLink(fullLink(1, 1)) })
	view(t, s, func(v db.View) error {
		got, err := v.Link(id(1))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v\n%s", err, diff)
		}
		if _, err := v.Link(id(2)); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("a stranger: %v", err)
		}
		return nil
	})
}

func TestThreeLinksOfAPurposeAreAlive(t *testing.T) {
	t.Parallel()
	s := store(t, 2)
	addLink(t, s, 1000, 2, db.PurposeReset)
	for n := range 6 {
		addLink(t, s, n, 1, db.PurposeReset)
		addLink(t, s, 100+n, 1, db.PurposeConfirm)
		addLink(t, s, 200+n, 1, db.PurposeLinking)
	}
	if got := links(t, s, 1); !slices.Equal(got, []int{3, 4, 5, 103, 104, 105, 203, 204, 205}) {
		t.Errorf("alive, oldest first: %v", got)
	}
	if got := links(t, s, 2); !slices.Equal(got, []int{1000}) {
		t.Errorf("another account's: %v", got)
	}
	update(t, s, func(tx db.Tx) error { return tx.DropLinks(1, db.PurposeReset, db.PurposeLinking) })
	if got := links(t, s, 1); !slices.Equal(got, []int{103, 104, 105}) {
		t.Errorf("after two purposes were dropped: %v", got)
	}
	update(t, s, func(tx db.Tx) error { return tx.DropLinks(1) })
	if got := links(t, s, 1); len(got) != 0 {
		t.Errorf("after all were dropped: %v", got)
	}
}

func TestUseLinkOnce(t *testing.T) {
	t.Parallel()
	s := store(t, 1)
	addLink(t, s, 1, 1, db.PurposeReset)
	var won, lost atomic.Int32
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			switch err := s.Update(context.Background(), func(tx db.Tx) error { return tx.UseLink(id(1)) }); {
			case err == nil:
				won.Add(1)
			case errors.Is(err, db.ErrNotFound):
				lost.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || lost.Load() != 19 {
		t.Errorf("%d used it, %d found it gone", won.Load(), lost.Load())
	}
}

func TestSweepLinks(t *testing.T) {
	t.Parallel()
	s := store(t, 3)
	for n, at := range []db.Time{-2 * hour, -minute, 0, 1, minute, day} {
		l := fullLink(n, uint64(n/2+1))
		l.Expires = noon + at
		update(t, s, func(tx db.Tx) error { return tx.AddLink(l) })
	}
	var n int
	update(t, s, func(tx db.Tx) (err error) { n, err = tx.SweepLinks(noon, 100); return err })
	left := slices.Concat(links(t, s, 1), links(t, s, 2), links(t, s, 3))
	if n != 3 || !slices.Equal(left, []int{3, 4, 5}) {
		t.Errorf("swept %d, left %v", n, left)
	}
	update(t, s, func(tx db.Tx) (err error) { n, err = tx.SweepLinks(noon+2*day, 2); return err })
	if n != 2 {
		t.Errorf("swept %d, want no more than asked for", n)
	}
}
