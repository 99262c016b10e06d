package db_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kunci/db"
)

func addSessions(t testing.TB, s *db.Store, account uint64, from, to int) {
	t.Helper()
	for n := from; n < to; n++ {
		update(t, s, func(tx db.Tx) error { return tx.AddSession(fullSession(n, account)) })
	}
}

// standing are the sessions of an account by the numbers they were made from.
func standing(t testing.TB, s *db.Store, account uint64) (numbers []int) {
	t.Helper()
	view(t, s, func(v db.View) error {
		sessions, err := v.Sessions(account)
		for _, one := range sessions {
			numbers = append(numbers, int(one.Created-noon))
		}
		slices.Sort(numbers)
		return err
	})
	return numbers
}

func numbers(from, to int) (all []int) {
	for n := from; n < to; n++ {
		all = append(all, n)
	}
	return all
}

func TestSessionRoundTrip(t *testing.T) {
	t.Parallel()
	s := store(t, 2)
	update(t, s, func(tx db.Tx) error {
		a, err := tx.Account(2)
		if err != nil {
			return err
		}
		a.Epoch = 3
		return first(tx.PutAccount(a), tx.AddSession(fullSession(1, 2)))
	})
	want := fullSession(1, 2)
	want.Epoch = 3
	whole(t, want)
	view(t, s, func(v db.View) error {
		byID, err1 := v.Session(id(1))
		byKey, err2 := v.SessionByKey(hash(1))
		if diff := cmp.Diff([]*db.Session{want, want}, []*db.Session{byID, byKey}); diff != "" || err1 != nil || err2 != nil {
			t.Errorf("%v, %v\n%s", err1, err2, diff)
		}
		if all, err := v.Sessions(1); len(all) != 0 || err != nil {
			t.Errorf("the other account has %v, %v", all, err)
		}
		for name, err := range map[string]error{
			"id": second(v.Session(id(2))), "key": second(v.SessionByKey(hash(2))), "no key": second(v.SessionByKey(nil)),
		} {
			if !errors.Is(err, db.ErrNotFound) {
				t.Errorf("a stranger by %s: %v", name, err)
			}
		}
		return nil
	})
	update(t, s, func(tx db.Tx) error { return tx.EndSession(id(1)) })
	for name, got := range map[string]error{
		"Session":      s.View(func(v db.View) error { return second(v.Session(id(1))) }),
		"SessionByKey": s.View(func(v db.View) error { return second(v.SessionByKey(hash(1))) }),
		"EndSession":   s.Update(t.Context(), func(tx db.Tx) error { return tx.EndSession(id(1)) }),
		"AddSession":   s.Update(t.Context(), func(tx db.Tx) error { return tx.AddSession(fullSession(2, 3)) }),
	} {
		if !errors.Is(got, db.ErrNotFound) {
			t.Errorf("%s of what is gone: %v", name, got)
		}
	}
}

func TestSessionsMakeRoom(t *testing.T) {
	t.Parallel()
	s := store(t, 2)
	addSessions(t, s, 2, 1000, 1003)
	addSessions(t, s, 1, 0, db.MaxSessions)
	if got := standing(t, s, 1); !slices.Equal(got, numbers(0, db.MaxSessions)) {
		t.Errorf("before the limit: %v", got)
	}
	addSessions(t, s, 1, db.MaxSessions, db.MaxSessions+3)
	if got := standing(t, s, 1); !slices.Equal(got, numbers(3, db.MaxSessions+3)) {
		t.Errorf("beyond the limit: %v", got)
	}
	if got := standing(t, s, 2); len(got) != 3 {
		t.Errorf("another account's: %v", got)
	}
	if err := s.View(func(v db.View) error { return second(v.SessionByKey(hash(0))) }); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("the key of one that made room: %v", err)
	}
}

func TestSessionsOfAnEarlierEpochAreSwept(t *testing.T) {
	t.Parallel()
	s := store(t, 1)
	addSessions(t, s, 1, 0, db.MaxSessions)
	update(t, s, func(tx db.Tx) error {
		a, err := tx.Account(1)
		if err != nil {
			return err
		}
		a.Epoch++
		return tx.PutAccount(a)
	})
	for n := 100; n < 106; n++ {
		addSessions(t, s, 1, n, n+1)
		got := standing(t, s, 1)
		fresh := slices.DeleteFunc(slices.Clone(got), func(n int) bool { return n < 100 })
		if want := max(0, db.MaxSessions-10*(n-99)); len(got)-len(fresh) != want || !slices.Equal(fresh, numbers(100, n+1)) {
			t.Errorf("after %d: %v stand, want %d of the earlier epoch", n, got, want)
		}
	}
}

func TestLastExpiry(t *testing.T) {
	t.Parallel()
	s := store(t, 1)
	last := func() (at db.Time) {
		view(t, s, func(v db.View) error { at = v.LastExpiry(); return nil })
		return at
	}
	if got := last(); got != 0 {
		t.Errorf("without a session: %d", got)
	}
	addSessions(t, s, 1, 1, 3)
	late := fullSession(3, 1)
	late.Expires = noon + 90*day + 20*minute
	update(t, s, func(tx db.Tx) error { return tx.AddSession(late) })
	if got, want := last(), noon+90*day+hour; got != want {
		t.Errorf("%d, want the end of the hour, %d", got, want)
	}
	update(t, s, func(tx db.Tx) error { return tx.EndSession(late.ID) })
	if got, want := last(), noon+30*day+hour; got != want {
		t.Errorf("after the last has ended: %d, want %d", got, want)
	}
	update(t, s, func(tx db.Tx) error { return first(tx.EndSession(id(1)), tx.EndSession(id(2))) })
	if got := last(); got != 0 {
		t.Errorf("after all have ended: %d", got)
	}
}

func TestSweepSessions(t *testing.T) {
	t.Parallel()
	s := store(t, 1)
	expires := map[int]db.Time{1: -2 * hour, 2: -hour - 1, 3: -minute, 4: 0, 5: 1, 6: minute, 7: hour, 8: day}
	for n, at := range expires {
		one := fullSession(n, 1)
		one.Expires = noon + 30*minute + at
		update(t, s, func(tx db.Tx) error { return tx.AddSession(one) })
	}
	sweep := func(max int) (n int) {
		update(t, s, func(tx db.Tx) (err error) { n, err = tx.SweepSessions(noon+30*minute, max); return err })
		return n
	}
	if n := sweep(1); n != 1 || len(standing(t, s, 1)) != 7 {
		t.Errorf("up to 1: %d, left %v", n, standing(t, s, 1))
	}
	if n := sweep(20); n != 3 || !slices.Equal(standing(t, s, 1), numbers(5, 9)) {
		t.Errorf("the rest: %d, left %v", n, standing(t, s, 1))
	}
	if n := sweep(20); n != 0 {
		t.Errorf("once more: %d", n)
	}
}

// What is damaged or stands elsewhere must not stand in a sweep's way.
func TestSweepPassesOverDamage(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	f.change(func(w db.Writer) error {
		for n := range 3 { // an hour's entries that lead to none, and one that has moved
			w.Put("session_expiry", append([]byte{0, 0, 0, byte(n)}, fmt.Sprintf("%016d", n)...), nil)
		}
		moved := id(1)
		w.Put("session_expiry", append([]byte{0, 0, 0, 1}, moved[:]...), nil)
		spoiled := id(2)
		raw := w.Get("session", spoiled[:])
		w.Put("session", spoiled[:], append(raw[:len(raw)-1:len(raw)-1], raw[len(raw)-1]^1))
		return nil
	})
	s := f.store(t)
	sweep := func(now db.Time) (swept int) {
		update(t, s, func(tx db.Tx) (err error) { swept, err = tx.SweepSessions(now, 100); return err })
		return swept
	}
	if swept := sweep(noon); swept != 4 {
		t.Errorf("swept %d while all sessions stand, want the four entries that mislead", swept)
	}
	view(t, s, func(v db.View) error { return second(v.Session(id(1))) })
	if swept := sweep(noon + 40*day); swept != fileSessions-1 {
		t.Errorf("swept %d when all have expired, want all but the damaged one", swept)
	}
	if err := s.View(func(v db.View) error { return second(v.Session(id(1))) }); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("the one with two entries: %v", err)
	}
	var damaged *db.DamagedError
	if err := s.View(func(v db.View) error { return second(v.Session(id(2))) }); !errors.As(err, &damaged) {
		t.Errorf("the damaged one: %v", err)
	}
}
