package db_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kunci/db"
	"kunci/db/dbtest"
)

// people are so many accounts from a number on, with usernames and hashes.
func people(from, n int) (all []*db.Account) {
	for i := range n {
		a := person(from + i)
		a.Username, a.PasswordHash = fmt.Sprintf("person.%d", from+i), "$argon2id$v=19$m=64,t=1,p=1$salt$tag"
		all = append(all, a)
	}
	return all
}

// outcomes are the fields taken, "-" for an account that stands.
func outcomes(refused []error) (all []string) {
	for _, err := range refused {
		switch {
		case err == nil:
			all = append(all, "-")
		case taken(err) != "":
			all = append(all, taken(err))
		default:
			all = append(all, err.Error())
		}
	}
	return all
}

// What Load leaves is, to the byte, what AddAccount leaves.
func TestLoadIsAddAccount(t *testing.T) {
	t.Parallel()
	one, _ := dbtest.Engine(t)
	all, _ := dbtest.Engine(t)
	added, err1 := db.New(one)
	loaded, err2 := db.New(all)
	if err := first(err1, err2); err != nil {
		t.Fatal(err)
	}
	accounts := append(people(100, 2500), fullAccount())
	accounts[2500].ID = 0
	for i := 0; i < len(accounts); i += 100 {
		update(t, added, func(tx db.Tx) error {
			for _, a := range accounts[i:min(i+100, len(accounts))] {
				a.ID = 0
				if err := tx.AddAccount(a); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for _, a := range accounts {
		a.ID = 0
	}
	refused, err := loaded.Load(t.Context(), accounts, time.Second)
	if err != nil || len(refused) != len(accounts) || first(refused...) != nil {
		t.Fatalf("%d of %d: %v, %v", len(refused), len(accounts), first(refused...), err)
	}
	if accounts[0].ID != 1 || accounts[2500].ID != 2501 {
		t.Errorf("ids %d to %d", accounts[0].ID, accounts[2500].ID)
	}
	if diff := cmp.Diff(dump(t, one), dump(t, all), cmp.AllowUnexported(entry{})); diff != "" {
		t.Error(diff)
	}
	update(t, loaded, func(tx db.Tx) error {
		a := person(5000)
		if err := tx.AddAccount(a); err != nil || a.ID != 2502 {
			t.Errorf("the next id is %d, %v", a.ID, err)
		}
		return nil
	})
	if faults, err := loaded.Check(); err != nil || len(faults) > 0 {
		t.Errorf("%q, %v", faults, err)
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	with := func(n int, change func(*db.Account)) *db.Account {
		a := person(n)
		change(a)
		return a
	}
	email := func(n, of int) *db.Account {
		return with(n, func(a *db.Account) { a.Email = "PERSON" + fmt.Sprint(of) + "@example.com" })
	}
	id := func(n int, id uint64) *db.Account { return with(n, func(a *db.Account) { a.ID = id }) }
	username := func(n int, name string) *db.Account { return with(n, func(a *db.Account) { a.Username = name }) }
	tests := []struct {
		name     string
		accounts []*db.Account
		want     []string
		ids      []uint64 // of those that stand; 1 to 3 stand before
	}{
		{"nobody", nil, nil, nil},
		{"an e-mail that stands", []*db.Account{email(10, 2), person(11)}, []string{"email", "-"}, []uint64{0, 4}},
		{"an e-mail twice", []*db.Account{person(10), email(11, 10), person(12)}, []string{"-", "email", "-"}, []uint64{4, 0, 5}},
		{"an e-mail three times", []*db.Account{person(10), email(11, 10), email(12, 10)}, []string{"-", "email", "email"}, []uint64{4, 0, 0}},
		{"the first of two is refused itself", []*db.Account{
			with(10, func(a *db.Account) { a.Email, a.Username = "person1@example.com", "siti" }), username(11, "Siti"), username(12, "sITI"),
		}, []string{"email", "-", "username"}, []uint64{0, 4, 0}},
		{"a uuid twice", []*db.Account{person(10), with(11, func(a *db.Account) { a.UUID = someUUID(10) })}, []string{"-", "uuid"}, []uint64{4, 0}},
		{"a Google id twice", []*db.Account{
			with(10, func(a *db.Account) { a.Google.Subject = "g" }), with(11, func(a *db.Account) { a.Google.Subject = "g" }),
			with(12, func(a *db.Account) { a.Google = db.SocialID{Subject: "g", Claimed: true} }),
		}, []string{"-", "google_id", "-"}, []uint64{4, 0, 5}},
		{"a name that can't be compared", []*db.Account{username(10, "a b"), person(11)},
			[]string{"db: a username that can't be compared", "-"}, []uint64{0, 4}},
		{"ids given", []*db.Account{id(10, 20), person(11), id(12, 7), id(13, 2), id(14, 20), id(15, 21)},
			[]string{"-", "-", "-", "id", "id", "id"}, []uint64{20, 21, 7, 2, 20, 21}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := store(t, 3)
			refused, err := s.Load(t.Context(), test.accounts, time.Second)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, outcomes(refused)); diff != "" {
				t.Error(diff)
			}
			for i, a := range test.accounts {
				if a.ID != test.ids[i] {
					t.Errorf("account %d has id %d, want %d", i, a.ID, test.ids[i])
				}
				view(t, s, func(v db.View) error {
					got, err := v.AccountByUUID(a.UUID)
					if stands := err == nil && cmp.Equal(got, a); stands != (refused[i] == nil) {
						t.Errorf("account %d: stands %v, %v", i, stands, err)
					}
					return nil
				})
			}
		})
	}
}

func TestLoadThatIsCutOff(t *testing.T) {
	t.Parallel()
	s := dbtest.Open(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if refused, err := s.Load(ended, people(1, 10), time.Second); !errors.Is(err, context.Canceled) || len(refused) != 0 {
		t.Errorf("with an ended context: %d, %v", len(refused), err)
	}
	accounts := people(1, 10)
	if refused, err := s.Load(t.Context(), accounts, time.Second); err != nil || first(refused...) != nil {
		t.Errorf("what was cut off left something: %v, %v", refused, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	more := people(11, 10)
	if refused, err := s.Load(t.Context(), more, time.Second); !errors.Is(err, db.ErrUnavailable) || len(refused) != 0 || more[0].ID != 0 {
		t.Errorf("into a closed store: %d, %v", len(refused), err)
	}
}

// An import leaves the others their turn, and their accounts do not get lost
// among its own.
func TestLoadBesideOthers(t *testing.T) {
	t.Parallel()
	s := dbtest.Open(t)
	const others, each = 4, 10
	imported := people(1000, 3000)
	var wg sync.WaitGroup
	wg.Go(func() {
		if refused, err := s.Load(t.Context(), imported, time.Millisecond); err != nil || first(refused...) != nil {
			t.Errorf("%v, %v", first(refused...), err)
		}
	})
	for o := range others {
		wg.Go(func() {
			for n := range each {
				if err := s.Update(t.Context(), func(tx db.Tx) error { return tx.AddAccount(person(each*o + n)) }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	ids := map[uint64]bool{}
	view(t, s, func(v db.View) error {
		v.Accounts(0, func(a *db.Account, err error) bool {
			if err != nil {
				t.Error(err)
				return false
			}
			ids[a.ID] = true
			return true
		})
		return nil
	})
	if n := others*each + len(imported); len(ids) != n || !ids[1] || !ids[uint64(n)] {
		t.Errorf("%d accounts, want %d with ids from 1 on without a gap", len(ids), n)
	}
}
