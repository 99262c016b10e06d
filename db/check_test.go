package db_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"kunci/db"
	"kunci/db/dbtest"
)

func TestCheckFindsNothingInASoundFile(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	held := map[db.Space]bool{"meta": true}
	for _, e := range dump(t, f.engine) {
		held[e.space] = true
	}
	for _, s := range db.Spaces() {
		if !held[s] {
			t.Errorf("the tests of damage have nothing in %s", s)
		}
	}
	if faults, err := f.store(t).Check(); len(faults) != 0 || err != nil {
		t.Errorf("%q, %v", faults, err)
	}
}

// Faults of the audit log stand apart from all others.
func TestCheckApart(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	f.change(func(w db.Writer) error { w.Put("audit", be64(2), []byte("damaged")); return nil })
	s := f.store(t)
	faults, audit, err := s.CheckApart(new(db.Progress))
	if len(faults) > 0 || len(audit) == 0 || err != nil {
		t.Errorf("%q, %q, %v", faults, audit, err)
	}
	if all, err := s.Check(); len(all) != len(audit) || err != nil {
		t.Errorf("%q, %v", all, err)
	}
	f.change(func(w db.Writer) error { w.Delete("account", be64(1)); return nil })
	if faults, again, err := s.CheckApart(new(db.Progress)); len(faults) == 0 || len(again) != len(audit) || err != nil {
		t.Errorf("%q, %q, %v", faults, again, err)
	}
}

// damages are what can happen to an entry, each as a change of the first entry
// of a space. One without a value can't suffer all of them.
var damages = map[string]func(w db.Writer, s db.Space, key, value []byte){
	"a bit flipped in its value": func(w db.Writer, s db.Space, key, value []byte) {
		if len(value) > 0 {
			w.Put(s, key, flip(value, len(value)/2))
		}
	},
	"gone": func(w db.Writer, s db.Space, key, _ []byte) { w.Delete(s, key) },
	"again at a key that ends otherwise": func(w db.Writer, s db.Space, key, value []byte) {
		w.Put(s, flip(key, len(key)-1), value)
	},
	"again at a key that begins otherwise": func(w db.Writer, s db.Space, key, value []byte) {
		w.Put(s, flip(key, 0), value)
	},
	"moved": func(w db.Writer, s db.Space, key, value []byte) {
		w.Put(s, flip(key, len(key)-1), value)
		w.Delete(s, key)
	},
	"cut short": func(w db.Writer, s db.Space, key, value []byte) {
		w.Put(s, key, value[:max(0, len(value)-1)])
	},
	"with the value of another": func(w db.Writer, s db.Space, key, value []byte) {
		w.Scan(s, nil, nil, func(_, other []byte) bool {
			if bytes.Equal(other, value) {
				return true
			}
			w.Put(s, key, other)
			return false
		})
	},
}

func flip(raw []byte, at int) []byte {
	out := bytes.Clone(raw)
	out[at] ^= 0x40
	return out
}

// harmless are changes after which all still holds: nothing leads to these
// records, and who finds none goes on as if there never had been one.
var harmless = map[string]bool{"mail_quota gone": true, "known_range gone": true, "delay gone": true}

func TestCheckFindsDamage(t *testing.T) {
	t.Parallel()
	sound := newFile(t)
	path := filepath.Join(t.TempDir(), "sound.db")
	if err := backup(sound.engine, path); err != nil {
		t.Fatal(err)
	}
	for _, s := range db.Spaces() {
		if s == "meta" {
			continue
		}
		for name, damage := range damages {
			t.Run(fmt.Sprint(s, " ", name), func(t *testing.T) {
				t.Parallel()
				e, changed := spoil(t, path, s, damage)
				if !changed {
					t.Skip("an entry of this space can't suffer it")
				}
				store, err := db.New(e)
				if err != nil {
					t.Fatal(err)
				}
				faults, err := store.Check()
				if err != nil || (len(faults) == 0) != harmless[fmt.Sprint(s, " ", name)] {
					t.Errorf("faults %q, error %v", faults, err)
				}
				for _, fault := range faults {
					if word := exposes(fault); word != "" {
						t.Errorf("%q shows %q", fault, word)
					}
				}
				// Whoever reads it must fare no worse than with an error.
				for _, err := range readAll(store) {
					if word := exposes(err.Error()); word != "" {
						t.Errorf("%q shows %q", err, word)
					}
				}
			})
		}
	}
}

// readAll reads what newFile wrote in every way there is, and returns the
// errors.
func readAll(s *db.Store) (errs []error) {
	want := fullAccount()
	for _, act := range []func(db.Tx) error{
		func(tx db.Tx) error { return second(tx.Account(1)) },
		func(tx db.Tx) error { return second(tx.AccountByUUID(want.UUID)) },
		func(tx db.Tx) error { return second(tx.AccountByEmail(want.Email)) },
		func(tx db.Tx) error { return second(tx.AccountByEmail("person2@example.com")) },
		func(tx db.Tx) error { return second(tx.AccountByUsername(want.Username)) },
		func(tx db.Tx) error { return second(tx.AccountByGoogle(want.Google)) },
		func(tx db.Tx) error { return second(tx.AccountByFacebook(want.Facebook)) },
		func(tx db.Tx) error { return second(tx.AccountByFBToken(want.FBToken)) },
		func(tx db.Tx) error { return second(tx.CompanyByName("PT Company")) },
		func(tx db.Tx) error { return second(tx.DivisionByName(someUUID(1001), "Marcom")) },
		func(tx db.Tx) error { return second(tx.RoleByName("Operator")) },
		func(tx db.Tx) error { return second(tx.Membership(1)) },
		func(tx db.Tx) error { return second(tx.Sessions(1)) },
		func(tx db.Tx) error { return second(tx.SessionByKey(hash(1))) },
		func(tx db.Tx) error { return second(tx.Links(1)) },
		func(tx db.Tx) error { return second(tx.Mail(id(1))) },
		func(tx db.Tx) error { tx.DueMails(noon+day, 10); tx.LastExpiry(); return nil },
		func(tx db.Tx) error { return second(tx.MailQuota(1)) },
		func(tx db.Tx) error { return second(tx.KnownRange(1, "203.0.113.0/24")) },
		func(tx db.Tx) error { return tx.MarkKnownRange(1, "203.0.113.0/24", noon+2*day) },
		func(tx db.Tx) error { return tx.AddSession(fullSession(90, 1)) },
		func(tx db.Tx) error { return tx.AddLink(fullLink(90, 1)) },
		func(tx db.Tx) error { return second(tx.SweepSessions(noon+99*day, 20)) },
		func(tx db.Tx) error { return second(tx.SweepLinks(noon+99*day, 20)) },
		func(tx db.Tx) error { return second(tx.DeleteBelongings(1, 20)) },
		func(tx db.Tx) error { delays(tx.View); tx.HashKinds(); return tx.PutDelay([]byte("a digest"), nil) },
		func(tx db.Tx) error { return tx.DeleteAccount(1) },
	} {
		if err := s.Update(context.Background(), act); err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

func TestCheckFindsACounterThatLags(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(w db.Writer, key []byte){
		"gone":    func(w db.Writer, key []byte) { w.Delete("meta", key) },
		"damaged": func(w db.Writer, key []byte) { w.Put("meta", key, flip(w.Get("meta", key), 2)) },
	} {
		f := newFile(t)
		f.change(func(w db.Writer) error { change(w, []byte("last_account_id")); return nil })
		if faults, err := f.store(t).Check(); len(faults) == 0 || !strings.Contains(faults[0], "counter") || err != nil {
			t.Errorf("%s: %q, %v", name, faults, err)
		}
	}
}

// An index entry that leads to another's record is no way to that record.
func TestIndexThatLeadsElsewhere(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	f.change(func(w db.Writer) error {
		w.Put("account_email", []byte("siti@example.com"), be64(2))
		other := id(2)
		w.Put("session_key", hash(1), other[:])
		foreign := someUUID(1002)
		w.Put("company_name", []byte("pt company"), foreign[:])
		w.Put("account_username", []byte("siti.rahayu"), be64(99))
		w.Put("mail_due", append(be64(1), w.Get("session_key", hash(1))...), nil)
		mail := id(1)
		w.Put("mail_due", append(be64(2), mail[:]...), nil)
		return nil
	})
	s := f.store(t)
	view(t, s, func(v db.View) error {
		for name, err := range map[string]error{
			"AccountByEmail": second(v.AccountByEmail("siti@example.com")), "SessionByKey": second(v.SessionByKey(hash(1))),
			"CompanyByName": second(v.CompanyByName("PT Company")), "AccountByUsername": second(v.AccountByUsername("Siti.Rahayu")),
		} {
			var damaged *db.DamagedError
			if !errors.As(err, &damaged) || exposes(err.Error()) != "" {
				t.Errorf("%s: %v", name, err)
			}
		}
		if due := v.DueMails(noon-hour, 10); len(due) != 0 {
			t.Errorf("mails that are not yet due: %v", due)
		}
		if due := v.DueMails(noon+1, 10); len(due) != 1 || due[0].Due != noon+1 {
			t.Errorf("the mails due after a damaged entry: %v", due)
		}
		return nil
	})
}

func TestCheckOfAClosedStore(t *testing.T) {
	t.Parallel()
	s := dbtest.Open(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Check(); !errors.Is(err, db.ErrUnavailable) {
		t.Errorf("error %v", err)
	}
}
