package db_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"kunci/db"
	"kunci/db/dbtest"
)

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
