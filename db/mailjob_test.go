package db_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kunci/db"
)

func TestMailRoundTrip(t *testing.T) {
	t.Parallel()
	s := store(t, 1)
	want := fullMail(1, 1)
	whole(t, want)
	update(t, s, func(tx db.Tx) error { return tx.AddMail(fullMail(1, 1)) })
	view(t, s, func(v db.View) error {
		got, err := v.Mail(id(1))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v\n%s", err, diff)
		}
		return nil
	})
}

func TestMailQueue(t *testing.T) {
	t.Parallel()
	s := store(t, 1)
	// due lists the mails due at a time by their numbers.
	due := func(at db.Time, max int) (numbers []int) {
		t.Helper()
		view(t, s, func(v db.View) error {
			for _, j := range v.DueMails(noon+at, max) {
				for n := range 10 {
					if j.ID == id(n) {
						numbers = append(numbers, n)
					}
				}
			}
			return nil
		})
		return numbers
	}
	if len(due(day, 10)) != 0 {
		t.Errorf("due in an empty queue: %v", due(day, 10))
	}
	for n, at := range []db.Time{5 * minute, minute, 3 * minute, minute + 1, 4 * minute} {
		j := fullMail(n, 1)
		j.Due, j.Attempts = noon+at, 0
		update(t, s, func(tx db.Tx) error { return tx.AddMail(j) })
	}
	for _, test := range []struct {
		at   db.Time
		max  int
		want []int
	}{{0, 10, nil}, {minute - 1, 10, nil}, {minute, 10, []int{1}}, {4 * minute, 10, []int{1, 3, 2, 4}}, {day, 2, []int{1, 3}}, {day, 10, []int{1, 3, 2, 4, 0}}} {
		if got := due(test.at, test.max); !slices.Equal(got, test.want) {
			t.Errorf("due at %d, up to %d: %v, want %v", test.at, test.max, got, test.want)
		}
	}

	update(t, s, func(tx db.Tx) error {
		return first(tx.RetryMail(id(1), noon+hour), tx.RetryMail(id(1), noon+2*hour), tx.DropMail(id(3)))
	})
	if got := due(day, 10); !slices.Equal(got, []int{2, 4, 0, 1}) {
		t.Errorf("after a retry and a drop: %v", got)
	}
	view(t, s, func(v db.View) error {
		j, err := v.Mail(id(1))
		if err == nil && (j.Attempts != 2 || j.Due != noon+2*hour) {
			t.Errorf("tried %d times, due at %d", j.Attempts, j.Due)
		}
		return err
	})
	for name, act := range map[string]func(db.Tx) error{
		"DropMail":  func(tx db.Tx) error { return tx.DropMail(id(3)) },
		"RetryMail": func(tx db.Tx) error { return tx.RetryMail(id(3), noon) },
		"Mail":      func(tx db.Tx) error { return second(tx.Mail(id(3))) },
	} {
		if err := s.Update(t.Context(), act); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("%s of what is gone: %v", name, err)
		}
	}
}

func TestMailQuota(t *testing.T) {
	t.Parallel()
	s := store(t, 2)
	want := &db.MailQuota{Sent: []db.MailSent{{At: noon, Range: "192.0.2.0/24"}, {At: noon + minute, Range: "2001:db8::/56"}}}
	whole(t, want)
	whole(t, &want.Sent[0])
	update(t, s, func(tx db.Tx) error { return tx.PutMailQuota(1, want) })
	view(t, s, func(v db.View) error {
		if diff := cmp.Diff(any(want), one(v.MailQuota(1))); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(any(&db.MailQuota{}), one(v.MailQuota(2))); diff != "" {
			t.Errorf("an account without: %s", diff)
		}
		return nil
	})
}

func TestKnownRanges(t *testing.T) {
	t.Parallel()
	s := store(t, 2)
	mark := func(account uint64, addrRange string, at db.Time) {
		update(t, s, func(tx db.Tx) error { return tx.MarkKnownRange(account, addrRange, at) })
	}
	seen := func(account uint64, addrRange string) (at db.Time) {
		t.Helper()
		view(t, s, func(v db.View) error {
			switch k, err := v.KnownRange(account, addrRange); {
			case err == nil:
				at = k.Seen
			case !errors.Is(err, db.ErrNotFound):
				return err
			}
			return nil
		})
		return at
	}
	mark(1, "a", noon)
	mark(1, "a", noon+day-1)
	if got := seen(1, "a"); got != noon {
		t.Errorf("a young mark was written anew: %d", got)
	}
	mark(1, "a", noon+day)
	if got := seen(1, "a"); got != noon+day {
		t.Errorf("an old mark stands at %d", got)
	}
	if got := seen(2, "a"); got != 0 {
		t.Errorf("it counts for another account: %d", got)
	}
	mark(2, "a", noon)
	const kept = 32
	for n := range 100 {
		mark(1, fmt.Sprint("range", n), noon+2*day+db.Time(n))
	}
	known := 0
	for n := range 100 {
		if seen(1, fmt.Sprint("range", n)) != 0 {
			known++
			if n < 100-kept {
				t.Errorf("range%d outlived a younger one", n)
			}
		}
	}
	if known != kept || seen(1, "a") != 0 {
		t.Errorf("%d ranges are known, the oldest since %d", known, seen(1, "a"))
	}
	if seen(2, "a") != noon {
		t.Error("another account's range made room")
	}
}
