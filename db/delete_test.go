package db_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"kunci/db"
	"kunci/db/dbtest"
)

func TestDeletedAccountLeavesNothing(t *testing.T) {
	t.Parallel()
	e, path := dbtest.Engine(t)
	s, err := db.New(e)
	if err != nil {
		t.Fatal(err)
	}
	const victim = 0x11223344_55667788
	update(t, s, func(tx db.Tx) error { return first(organisation(tx), tx.AddAccount(person(1))) })
	before := dump(t, e)

	a := fullAccount()
	a.ID = victim
	update(t, s, func(tx db.Tx) error { return first(tx.AddAccount(a), tx.PutMembership(member(victim, 1, 1, 1))) })
	for n := range 60 {
		update(t, s, func(tx db.Tx) error {
			return first(
				tx.AddSession(fullSession(n, victim)), tx.AddLink(fullLink(n, victim)), tx.AddMail(fullMail(n, victim)),
				tx.MarkKnownRange(victim, fullSession(n, victim).Addr+string(rune('a'+n)), noon),
			)
		})
	}
	update(t, s, func(tx db.Tx) error {
		return tx.PutMailQuota(victim, &db.MailQuota{Sent: []db.MailSent{{At: noon, Range: "r"}}})
	})

	acts, removed := 0, 0
	for more := true; more; acts++ {
		was := len(dump(t, e))
		update(t, s, func(tx db.Tx) (err error) { more, err = tx.DeleteBelongings(victim, 20); return err })
		removed = was - len(dump(t, e))
		if removed > 100 {
			t.Errorf("one act touched %d keys", removed)
		}
	}
	if acts < 7 {
		t.Errorf("50 sessions, 3 links, 60 mails and 32 ranges went in %d acts of 20", acts)
	}
	update(t, s, func(tx db.Tx) error { return tx.DeleteAccount(victim) })
	if err := s.Update(t.Context(), func(tx db.Tx) error { return tx.DeleteAccount(victim) }); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("deleted twice: %v", err)
	}

	after := dump(t, e)
	if len(after) != len(before) {
		t.Errorf("%d entries stood before, %d stand after", len(before), len(after))
	}
	for _, left := range after {
		for _, word := range []string{"siti", "Siti", string(be64(victim)), "192.0.2", "g-1", "f-1", string(hash(7)), "+62811"} {
			if strings.Contains(left.key, word) || strings.Contains(left.value, word) {
				t.Errorf("%s at %x still holds %q", left.space, left.key, word)
			}
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	dbtest.OpenFile(t, path)
}

// Belongings of which an index alone is left go too.
func TestDeleteBelongingsWithoutRecords(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	stray := []byte("0123456789abcdef")
	f.change(func(w db.Writer) error {
		for _, s := range []db.Space{"session_account", "link_account", "mail_account"} {
			w.Put(s, append(be64(1), stray...), nil)
		}
		return nil
	})
	s := f.store(t)
	update(t, s, func(tx db.Tx) error {
		more, err := tx.DeleteBelongings(1, 90)
		if more {
			t.Error("some are left")
		}
		return err
	})
	for _, left := range dump(t, f.engine) {
		if strings.Contains(left.key, string(stray)) {
			t.Errorf("%s still holds %x", left.space, left.key)
		}
	}
}

// exposes says which of a person's words a text holds, in clear or as hex.
func exposes(text string) string {
	text = strings.ToLower(text)
	for _, word := range [][]byte{[]byte("siti"), []byte("example.com"), []byte("pt company"), []byte("marcom"), []byte("operator"), []byte("192.0.2")} {
		if strings.Contains(text, string(word)) || strings.Contains(text, hex.EncodeToString(word)) ||
			strings.Contains(text, hex.EncodeToString(bytes.ToUpper(word))) {
			return string(word)
		}
	}
	return ""
}
