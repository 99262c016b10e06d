package db_test

import (
	"context"
	"errors"
	"testing"

	"kunci/db"
	"kunci/db/dbtest"
)

func TestCensus(t *testing.T) {
	t.Parallel()
	s := store(t, 3)
	census := func() db.Census {
		t.Helper()
		c, err := s.Census(t.Context(), noon)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if got, want := census(), (db.Census{Accounts: 3}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	update(t, s, func(tx db.Tx) error {
		expired := fullSession(1, 1)
		expired.Expires = noon - 2*hour
		return first(tx.AddSession(expired), tx.AddSession(fullSession(2, 1)), tx.AddSession(fullSession(3, 2)))
	})
	for n, tried := range []int{0, 2, 1} {
		j := fullMail(n, 1)
		j.Attempts, j.Created = tried, noon-db.Time(n)*minute
		update(t, s, func(tx db.Tx) error { return tx.AddMail(j) })
	}
	if got, want := census(), (db.Census{Accounts: 3, Sessions: 2, Mails: 3, Retried: 2, Oldest: noon - 2*minute}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	update(t, s, func(tx db.Tx) error { return first(tx.EndSession(id(2)), tx.DropMail(id(2)), tx.DeleteAccount(3)) })
	if got, want := census(), (db.Census{Accounts: 2, Sessions: 1, Mails: 2, Retried: 1, Oldest: noon - minute}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// More than one look counts is counted once, and whoever has no time for it
// hears so.
func TestCensusOfMany(t *testing.T) {
	t.Parallel()
	const n = 20_001
	e, _ := dbtest.Engine(t)
	err := e.Load(t.Context(), func(w db.Writer) error {
		for i := range n {
			w.Put("account", be64(uint64(i)), []byte("counted unread"))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := db.New(e)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := s.Census(t.Context(), noon); err != nil || c.Accounts != n {
		t.Errorf("%d accounts of %d, %v", c.Accounts, n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Census(ctx, noon); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
