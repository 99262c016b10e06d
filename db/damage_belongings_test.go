package db_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kunci/db"
)

// broken is a data file in which something of account 1 can't be read.
func broken(t *testing.T, s db.Space, key []byte) *file {
	t.Helper()
	f := newFile(t)
	f.change(func(w db.Writer) error {
		raw := w.Get(s, key)
		if raw == nil {
			t.Errorf("%s holds nothing to be damaged", s)
		}
		w.Put(s, key, flip(raw, len(raw)/2))
		return nil
	})
	return f
}

// What belongs to an account and can't be read must not keep its owner out,
// nor from a new link, nor an operator from ending all or deleting it.
func TestDamagedBelongings(t *testing.T) {
	t.Parallel()
	session, link, mail := id(2), id(1), id(1)
	tests := map[string]struct {
		space db.Space
		key   []byte
	}{
		"a session": {"session", session[:]},
		"a link":    {"link", link[:]},
		"a mail":    {"mail", mail[:]},
		"a range":   {"known_range", append(be64(1), "203.0.113.0/24"...)},
		"the quota": {"mail_quota", be64(1)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := broken(t, test.space, test.key)
			s := f.store(t)
			if faults, err := s.Check(); len(faults) == 0 || err != nil {
				t.Errorf("Check finds %q, %v", faults, err)
			}
			update(t, s, func(tx db.Tx) error {
				return first(
					tx.AddSession(fullSession(50, 1)), tx.AddLink(fullLink(50, 1)), tx.AddMail(fullMail(50, 1)),
					tx.MarkKnownRange(1, "203.0.113.0/24", noon+2*day), second(tx.SweepSessions(noon, 20)), tx.DropLinks(1),
				)
			})
			var damaged *db.DamagedError
			if err := s.View(func(v db.View) error { return second(v.Session(session)) }); test.space == "session" && !errors.As(err, &damaged) {
				t.Errorf("a damaged session reads as %v", err)
			}
			update(t, s, func(tx db.Tx) error {
				more, err := tx.DeleteBelongings(1, 50)
				if more {
					t.Error("DeleteBelongings leaves some")
				}
				return first(err, tx.DeleteAccount(1))
			})
			if faults, err := s.Check(); len(faults) != 0 || err != nil {
				t.Errorf("after the deletion Check finds %q, %v", faults, err)
			}
			mine := &file{engine: newFile(t).engine, t: t}
			update(t, mine.store(t), func(tx db.Tx) error {
				if _, err := tx.DeleteBelongings(1, 50); err != nil {
					return err
				}
				return tx.DeleteAccount(1)
			})
			if diff := cmp.Diff(dump(t, mine.engine), dump(t, f.engine), cmp.AllowUnexported(entry{})); diff != "" {
				t.Errorf("deleting leaves other than where nothing was damaged:\n%s", diff)
			}
		})
	}
}
