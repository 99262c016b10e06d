package db_test

import (
	"testing"

	"kunci/db"
)

// What rests on keys goes, all of it; accounts and mails stand. That the rest
// of the file is in order, the store's own check at the end sees.
func TestClearKeyed(t *testing.T) {
	t.Parallel()
	s := store(t, 3)
	addSessions(t, s, 2, 0, 30)
	addSessions(t, s, 3, 30, 35)
	update(t, s, func(tx db.Tx) error {
		return first(tx.AddLink(fullLink(1, 2)), tx.AddLink(fullLink(2, 3)), tx.AddMail(fullMail(7, 3)),
			tx.PutDelay(hash(1)[:16], &db.Delay{Level: 9, At: noon, Until: noon + hour}))
	})
	for range 2 { // the second time there is nothing
		if err := s.ClearKeyed(t.Context()); err != nil {
			t.Fatal(err)
		}
		if left := append(standing(t, s, 2), standing(t, s, 3)...); len(left) > 0 {
			t.Errorf("sessions %v stand", left)
		}
	}
	view(t, s, func(v db.View) error {
		for name, err := range map[string]error{
			"session": second(v.Session(id(1))), "key": second(v.SessionByKey(hash(1))),
			"link": second(v.Link(id(1))), "delay": second(v.Delay(hash(1)[:16])),
		} {
			if err != db.ErrNotFound {
				t.Errorf("%s: %v", name, err)
			}
		}
		if v.LastExpiry() != 0 {
			t.Errorf("a session expires at %d", v.LastExpiry())
		}
		return first(second(v.Account(2)), second(v.Account(3)), second(v.Mail(id(7))))
	})
}
