package ctl_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"kunci/db"
	"kunci/db/dbtest"
	"kunci/server/auth"
)

// fill adds accounts until there are so many.
func (h *house) fill(total int) {
	h.t.Helper()
	have := 0
	h.check(h.op.Users(0, func(*auth.User, error) bool { have++; return true }))
	var all []*db.Account
	for ; have < total; have++ {
		id := uuid.New()
		all = append(all, &db.Account{UUID: id, CustomerID: id, Email: fmt.Sprintf("u%d@example.com", have+1), Name: "Siti", Created: db.At(time.Now())})
	}
	refused, err := h.store.Load(h.t.Context(), all, time.Second)
	h.check(err)
	for _, err := range refused {
		h.check(err)
	}
}

// Lists of accounts come whole and in order, whatever the number.
func TestUsers(t *testing.T) {
	t.Parallel()
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			c := end(h)
			for _, total := range []int{0, 499, 500, 501, 1100} {
				h.fill(total)
				seen := uint64(0)
				unreadable, err := c.Users(t.Context(), func(u *auth.User) error {
					if seen++; u.ID != seen || u.Email != fmt.Sprintf("u%d@example.com", seen) {
						return fmt.Errorf("account %d, %s, comes as number %d", u.ID, u.Email, seen)
					}
					return nil
				})
				if err != nil || unreadable != 0 || seen != uint64(total) {
					t.Errorf("%d of %d accounts, %d unreadable, %v", seen, total, unreadable, err)
				}
			}
			// Who stops early hears of nothing more, and the next act is done.
			seen := 0
			_, err := c.Users(t.Context(), func(*auth.User) error { seen++; return errStop })
			if err != errStop || seen != 1 {
				t.Errorf("%d accounts after the first, %v", seen, err)
			}
			must[*auth.User](t)(c.User(t.Context(), "1100"))
		})
	}
}

// Whoever reads a list slowly does not keep the store from closing, and only
// some accounts are read ahead.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.local()
	h.fill(1100)
	seen := 0
	_, err := c.Users(t.Context(), func(*auth.User) error {
		if seen++; seen > 1 {
			return nil
		}
		return h.store.Close()
	})
	if auth.AsError(err).Kind != auth.Busy || seen != 500 {
		t.Errorf("%d accounts, then %v", seen, err)
	}
}

// Accounts that can't be read are counted once each, wherever they stand, and
// hide no other.
func TestUnreadableUsers(t *testing.T) {
	t.Parallel()
	engine, _ := dbtest.Engine(t)
	store, err := db.New(engine)
	if err != nil {
		t.Fatal(err)
	}
	h := houseOver(t, store)
	h.fill(1010)
	damaged := map[int]bool{1: true, 500: true, 501: true, 502: true, 1002: true, 1003: true, 1010: true}
	err = engine.Update(t.Context(), func(w db.Writer) error {
		n := 0
		var keys [][]byte
		w.Scan("account", nil, nil, func(key, _ []byte) bool {
			if n++; damaged[n] {
				keys = append(keys, append([]byte(nil), key...))
			}
			return true
		})
		for _, key := range keys {
			w.Put("account", key, []byte("junk"))
		}
		return nil
	})
	h.check(err)
	for name, end := range ends {
		n := 0
		unreadable, err := end(h).Users(t.Context(), func(u *auth.User) error {
			for n++; damaged[n]; n++ {
				continue
			}
			if u.ID != uint64(n) {
				return fmt.Errorf("account %d comes after %d", u.ID, n-1)
			}
			return nil
		})
		if unreadable != len(damaged) || n != 1009 || err != nil {
			t.Errorf("%s: %d unreadable, the last is %d, %v", name, unreadable, n, err)
		}
	}
}
