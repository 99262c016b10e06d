package db_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

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

func TestUniqueFields(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		set   func(*db.Account)
		field string
	}{
		{"uuid", func(a *db.Account) { a.UUID = someUUID(7) }, "uuid"},
		{"e-mail", func(a *db.Account) { a.Email = "Siti@Example.com" }, "email"},
		{"e-mail, other case", func(a *db.Account) { a.Email = "SITI@example.com" }, "email"},
		{"username", func(a *db.Account) { a.Username = "Siti.Rahayu" }, "username"},
		{"username, other case", func(a *db.Account) { a.Username = "sITI.rAHAYU" }, "username"},
		{"username, full width", func(a *db.Account) { a.Username = "Ｓiti.Rahayu" }, "username"},
		{"google", func(a *db.Account) { a.Google = db.SocialID{Subject: "g-1", Claimed: true} }, "google_id"},
		{"facebook", func(a *db.Account) { a.Facebook = db.SocialID{Subject: "f-1", Claimed: true} }, "fb_uid"},
		{"fb_token", func(a *db.Account) { a.FBToken = hash(7) }, "fb_token"},
		{"the same id, proved", func(a *db.Account) { a.Google.Subject, a.Facebook.Subject = "g-1", "f-1" }, ""},
		{"another case of a Google id", func(a *db.Account) { a.Google = db.SocialID{Subject: "G-1", Claimed: true} }, ""},
		{"one's name", func(a *db.Account) { a.Name, a.CustomerID = "Siti Rahayu", someUUID(8) }, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			e, path := dbtest.Engine(t)
			s, err := db.New(e)
			if err != nil {
				t.Fatal(err)
			}
			update(t, s, func(tx db.Tx) error { return first(tx.AddAccount(fullAccount()), tx.AddAccount(person(9))) })
			before := dump(t, e)
			attempts := map[string]func(tx db.Tx) error{
				"AddAccount": func(tx db.Tx) error { a := person(10); test.set(a); return tx.AddAccount(a) },
				"PutAccount": func(tx db.Tx) error {
					a, err := tx.AccountByEmail("person9@example.com")
					if err != nil {
						return err
					}
					test.set(a)
					return tx.PutAccount(a)
				},
			}
			for name, attempt := range attempts {
				// An act that goes on in spite of the error has changed nothing.
				update(t, s, func(tx db.Tx) error {
					if err := attempt(tx); taken(err) != test.field || test.field == "" && err != nil {
						t.Errorf("%s: %v, want %q taken", name, err, test.field)
					}
					return nil
				})
				if test.field == "" {
					break // the second would meet the first
				}
				if diff := cmp.Diff(before, dump(t, e), cmp.AllowUnexported(entry{})); diff != "" {
					t.Errorf("%s changed what stood:\n%s", name, diff)
				}
			}
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
			dbtest.OpenFile(t, path)
		})
	}
}

func TestAddAccountThatWasRefusedKeepsNoID(t *testing.T) {
	t.Parallel()
	s := store(t, 1)
	a := person(2)
	a.Email = person(1).Email
	if err := s.Update(t.Context(), func(tx db.Tx) error { return tx.AddAccount(a) }); taken(err) != "email" || a.ID != 0 {
		t.Fatalf("%v, id %d", err, a.ID)
	}
	update(t, s, func(tx db.Tx) error { return tx.AddAccount(person(3)) }) // takes the id that a would have had
	a.Email = person(2).Email
	update(t, s, func(tx db.Tx) error { return tx.AddAccount(a) })
	if a.ID != 3 {
		t.Errorf("the id is %d", a.ID)
	}
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

func TestFolding(t *testing.T) {
	t.Parallel()
	same := func(a, b string) bool {
		x, okX := db.FoldUsername(a)
		y, okY := db.FoldUsername(b)
		return okX && okY && x == y
	}
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"John", "jOHN", true}, {"john", "ｊｏｈｎ", true}, {"e\u0301va", "éva", true}, {"john", "johm", false},
		{"john", "john ", false}, {"john", "", false}, {"ΑΣ", "ας", false},
	} {
		if got := same(test.a, test.b); got != test.want {
			t.Errorf("usernames %q and %q: %v", test.a, test.b, got)
		}
	}
	if a, b := db.FoldName("  PT  Cafe\u0301 "), db.FoldName("pt café"); a != b {
		t.Errorf("names: %q and %q", a, b)
	}
	if a := db.FoldEmail("A.B+C@Example.COM"); a != "a.b+c@example.com" {
		t.Errorf("e-mail: %q", a)
	}
}

func TestAccountsAtOnce(t *testing.T) {
	t.Parallel()
	s := dbtest.Open(t)
	errs := make(chan error)
	for n := range 20 {
		go func() {
			a := person(1)
			a.UUID, a.Username = uuid.New(), fmt.Sprint("user", n)
			errs <- s.Update(t.Context(), func(tx db.Tx) error { return tx.AddAccount(a) })
		}()
	}
	won := 0
	for range 20 {
		switch err := <-errs; {
		case err == nil:
			won++
		case taken(err) != "email":
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d accounts have one e-mail", won)
	}
}
