package db_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"kunci/db"
	"kunci/db/bolt"
)

// fileSessions is how many sessions a file of newFile holds.
const fileSessions = 4

// file is a data file with something in every space, to be damaged: no check
// follows it.
type file struct {
	engine *bolt.Engine
	t      testing.TB
}

// content writes something into every space.
func content(tx db.Tx) error {
	full := fullAccount()
	full.ID = 1
	errs := []error{
		organisation(tx), tx.AddAccount(full), tx.AddAccount(person(2)), tx.PutMembership(member(1, 1, 1, 1)),
		tx.PutMailQuota(1, &db.MailQuota{Sent: []db.MailSent{{At: noon, Range: "r"}}}), tx.MarkKnownRange(1, "203.0.113.0/24", noon),
		tx.PutDelay([]byte("a digest"), &db.Delay{Level: 6.5, At: noon, Until: noon + minute}),
		tx.AddLink(fullLink(1, 1)), tx.AddMail(fullMail(1, 1)), tx.Audit(fullEntry(1), fullEntry(2)), tx.Audit(fullEntry(3)),
	}
	for n := range fileSessions {
		errs = append(errs, tx.AddSession(fullSession(n, uint64(n%2+1))))
	}
	return first(errs...)
}

func newFile(t testing.TB) *file {
	t.Helper()
	e := made(t, func(w db.Writer) error { return db.Init(w, infoOf(db.Schema)) }) // one instance, one chain
	f := &file{engine: e, t: t}
	update(t, f.store(t), content)
	return f
}

func (f *file) store(t testing.TB) *db.Store {
	t.Helper()
	s, err := db.New(f.engine)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (f *file) change(fn func(db.Writer) error) {
	f.t.Helper()
	if err := f.engine.Update(context.Background(), fn); err != nil {
		f.t.Fatal(err)
	}
}

// spoil copies a data file and damages the first entry of a space in the copy.
func spoil(t *testing.T, sound string, s db.Space, damage func(w db.Writer, s db.Space, key, value []byte)) (e *bolt.Engine, changed bool) {
	t.Helper()
	raw, err := os.ReadFile(sound)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "kunci.db")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if e, err = bolt.Open(path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	before := fmt.Sprint(dump(t, e))
	err = e.Update(t.Context(), func(w db.Writer) error {
		w.Scan(s, nil, nil, func(key, value []byte) bool {
			damage(w, s, key, value)
			return false
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return e, fmt.Sprint(dump(t, e)) != before
}

// backup copies an engine's data file.
func backup(e db.Engine, path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = e.Backup(f)
	return errors.Join(err, f.Close())
}
