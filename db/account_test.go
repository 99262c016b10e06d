package db_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kunci/db"
	"kunci/db/dbtest"
)

func TestAccountRoundTrip(t *testing.T) {
	t.Parallel()
	s := dbtest.Open(t)
	want := fullAccount()
	whole(t, want)
	update(t, s, func(tx db.Tx) error { return tx.AddAccount(fullAccount()) })
	lookups := map[string]func(db.View) (*db.Account, error){
		"id":                   func(v db.View) (*db.Account, error) { return v.Account(7) },
		"uuid":                 func(v db.View) (*db.Account, error) { return v.AccountByUUID(someUUID(7)) },
		"e-mail":               func(v db.View) (*db.Account, error) { return v.AccountByEmail("Siti@Example.com") },
		"e-mail, other case":   func(v db.View) (*db.Account, error) { return v.AccountByEmail("sITI@eXAMPLE.COM") },
		"username":             func(v db.View) (*db.Account, error) { return v.AccountByUsername("Siti.Rahayu") },
		"username, other case": func(v db.View) (*db.Account, error) { return v.AccountByUsername("SITI.rahayu") },
		"username, full width": func(v db.View) (*db.Account, error) { return v.AccountByUsername("Ｓiti.rahayu") },
		"google":               func(v db.View) (*db.Account, error) { return v.AccountByGoogle(want.Google) },
		"facebook":             func(v db.View) (*db.Account, error) { return v.AccountByFacebook(want.Facebook) },
		"fb_token":             func(v db.View) (*db.Account, error) { return v.AccountByFBToken(hash(7)) },
	}
	strangers := map[string]func(db.View) (*db.Account, error){
		"id":              func(v db.View) (*db.Account, error) { return v.Account(8) },
		"uuid":            func(v db.View) (*db.Account, error) { return v.AccountByUUID(someUUID(8)) },
		"e-mail":          func(v db.View) (*db.Account, error) { return v.AccountByEmail("siti@example.co") },
		"username":        func(v db.View) (*db.Account, error) { return v.AccountByUsername("siti") },
		"no username":     func(v db.View) (*db.Account, error) { return v.AccountByUsername("si ti\x00") },
		"empty username":  func(v db.View) (*db.Account, error) { return v.AccountByUsername("") },
		"empty e-mail":    func(v db.View) (*db.Account, error) { return v.AccountByEmail("") },
		"google, proved":  func(v db.View) (*db.Account, error) { return v.AccountByGoogle(db.SocialID{Subject: "g-1"}) },
		"facebook as one": func(v db.View) (*db.Account, error) { return v.AccountByFacebook(want.Google) },
		"fb_token":        func(v db.View) (*db.Account, error) { return v.AccountByFBToken(hash(8)) },
		"no fb_token":     func(v db.View) (*db.Account, error) { return v.AccountByFBToken(nil) },
	}
	view(t, s, func(v db.View) error {
		for name, lookup := range lookups {
			got, err := lookup(v)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("by %s: %v, -want +got:\n%s", name, err, diff)
			}
		}
		for name, lookup := range strangers {
			if got, err := lookup(v); !errors.Is(err, db.ErrNotFound) {
				t.Errorf("a stranger by %s: %v, %v", name, got, err)
			}
		}
		return nil
	})
}

func TestPutAccountMovesIndexes(t *testing.T) {
	t.Parallel()
	s := dbtest.Open(t)
	update(t, s, func(tx db.Tx) error { return tx.AddAccount(fullAccount()) })
	update(t, s, func(tx db.Tx) error {
		a, err := tx.Account(7)
		if err != nil {
			return err
		}
		a.Email, a.Username, a.UUID = "new@example.com", "", someUUID(70)
		a.Google, a.Facebook, a.FBToken = db.SocialID{Subject: "g-1"}, db.SocialID{}, nil
		return tx.PutAccount(a)
	})
	other := fullAccount()
	other.ID = 8
	view(t, s, func(v db.View) error {
		for name, err := range map[string]error{
			"e-mail": second(v.AccountByEmail(other.Email)), "username": second(v.AccountByUsername(other.Username)),
			"uuid": second(v.AccountByUUID(other.UUID)), "google": second(v.AccountByGoogle(other.Google)),
			"facebook": second(v.AccountByFacebook(other.Facebook)), "fb_token": second(v.AccountByFBToken(other.FBToken)),
		} {
			if !errors.Is(err, db.ErrNotFound) {
				t.Errorf("the old %s: %v", name, err)
			}
		}
		for name, err := range map[string]error{
			"e-mail": second(v.AccountByEmail("NEW@example.com")), "uuid": second(v.AccountByUUID(someUUID(70))),
			"google": second(v.AccountByGoogle(db.SocialID{Subject: "g-1"})),
		} {
			if err != nil {
				t.Errorf("the new %s: %v", name, err)
			}
		}
		return nil
	})
	// What was let go, another can take.
	update(t, s, func(tx db.Tx) error { return tx.AddAccount(other) })
	unknown := person(99)
	unknown.ID = 99
	if err := s.Update(t.Context(), func(tx db.Tx) error { return tx.PutAccount(unknown) }); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("an account that does not stand: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestAccountIDs(t *testing.T) {
	t.Parallel()
	s := dbtest.Open(t)
	add := func(n int, given uint64) (uint64, error) {
		a := person(n)
		a.ID = given
		err := s.Update(t.Context(), func(tx db.Tx) error { return tx.AddAccount(a) })
		return a.ID, err
	}
	for _, step := range []struct {
		given, want uint64
		drop        bool
	}{
		{given: 0, want: 1}, {given: 0, want: 2, drop: true}, {given: 0, want: 3}, {given: 100, want: 100},
		{given: 0, want: 101, drop: true}, {given: 50, want: 50}, {given: 0, want: 102}, {given: 101, want: 101}, {given: 0, want: 103},
	} {
		got, err := add(int(step.want), step.given)
		if err != nil || got != step.want {
			t.Errorf("asked for %d: got %d, %v, want %d", step.given, got, err, step.want)
		}
		if step.drop {
			update(t, s, func(tx db.Tx) error { return tx.DeleteAccount(got) })
		}
	}
	if _, err := add(1000, 50); taken(err) != "id" {
		t.Errorf("an id that is held: %v", err)
	}
	if _, err := add(1001, 1<<64-1); err != nil {
		t.Errorf("the highest id: %v", err)
	}
	if got, err := add(1002, 0); err == nil {
		t.Errorf("beyond the highest id: %d", got)
	}
	var ids []uint64
	view(t, s, func(v db.View) error {
		v.Accounts(3, func(a *db.Account, err error) bool { ids = append(ids, a.ID); return err == nil && len(ids) < 5 })
		return nil
	})
	if !slices.Equal(ids, []uint64{3, 50, 100, 101, 102}) {
		t.Errorf("Accounts from 3 on: %v", ids)
	}
}

func TestRecordsThatCannotStand(t *testing.T) {
	t.Parallel()
	s := store(t, 1)
	tests := map[string]func(*db.Account){
		"no e-mail":                     func(a *db.Account) { a.Email = "" },
		"a name that is no UTF-8":       func(a *db.Account) { a.Name = "Siti\xff" },
		"a username that has no folded": func(a *db.Account) { a.Username = "a\u0000b" },
	}
	for name, spoil := range tests {
		a := person(2)
		spoil(a)
		err := s.Update(t.Context(), func(tx db.Tx) error { return tx.AddAccount(a) })
		if err == nil || errors.Is(err, db.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	update(t, s, func(tx db.Tx) error { return tx.AddAccount(person(2)) })
}
