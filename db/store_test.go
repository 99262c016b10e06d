package db_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kunci/db"
	"kunci/db/bolt"
	"kunci/db/dbtest"
)

// made opens a data file that holds what init writes.
func made(t testing.TB, init func(db.Writer) error) *bolt.Engine {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kunci.db")
	if err := bolt.Create(path, init); err != nil {
		t.Fatal(err)
	}
	e, err := bolt.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// sealed writes a file's Info as another program would have.
func sealed[T any](info *T) func(db.Writer) error {
	return func(w db.Writer) error {
		raw, err := db.Seal("meta", []byte("info"), info)
		if err == nil {
			w.Put("meta", []byte("info"), raw)
		}
		return err
	}
}

func TestInfo(t *testing.T) {
	t.Parallel()
	want := db.Info{Instance: someUUID(1), Dev: true, Created: noon, Schema: db.Schema}
	whole(t, &want)
	given := want
	given.Schema = 99 // the program's own counts
	s, err := db.New(made(t, func(w db.Writer) error { return db.Init(w, given) }))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, s.Info()); diff != "" {
		t.Error(diff)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	type future struct {
		Schema int    `cbor:"4,keyasint"`
		News   string `cbor:"9,keyasint"`
	}
	newer := func(err error) bool {
		var e *db.SchemaError
		return errors.As(err, &e) && e.File == db.Schema+1 && e.Program == db.Schema && strings.Contains(e.Error(), "newer kunci")
	}
	damaged := func(err error) bool {
		var e *db.DamagedError
		return errors.As(err, &e) && e.Space == "meta"
	}
	tests := []struct {
		name string
		init func(db.Writer) error
		want func(error) bool
	}{
		{"no kunci data", func(w db.Writer) error { w.Put("other", []byte("a"), nil); return nil },
			func(err error) bool { return err != nil && strings.Contains(err.Error(), "no kunci data") }},
		{"a newer schema", sealed(&db.Info{Instance: someUUID(1), Schema: db.Schema + 1}), newer},
		{"a newer schema, with news in it", sealed(&future{db.Schema + 1, "news"}), newer},
		{"news in a schema that is known", sealed(&future{db.Schema, "news"}), damaged},
		{"a schema that never was", sealed(&db.Info{Instance: someUUID(1)}),
			func(err error) bool { return err != nil && strings.Contains(err.Error(), "never was") }},
		{"a damaged Info", func(w db.Writer) error {
			err := db.Init(w, db.Info{})
			w.Put("meta", []byte("info"), flip(w.Get("meta", []byte("info")), 3))
			return err
		}, damaged},
		{"an Info of no form", sealed(&[]int{1, 2}), damaged},
		{"an empty Info", func(w db.Writer) error { w.Put("meta", []byte("info"), nil); return nil }, damaged},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if s, err := db.New(made(t, test.init)); !test.want(err) {
				t.Errorf("%v, %v", s, err)
			}
		})
	}
}

func TestUpdateIsAllOrNothing(t *testing.T) {
	t.Parallel()
	s := store(t, 1)
	err := s.Update(t.Context(), func(tx db.Tx) error {
		return first(tx.AddAccount(person(2)), tx.AddSession(fullSession(1, 2)), tx.AddAccount(person(1)))
	})
	if taken(err) != "uuid" {
		t.Errorf("error %v", err)
	}
	view(t, s, func(v db.View) error {
		if _, err := v.AccountByEmail(person(2).Email); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("a part of the act stands: %v", err)
		}
		return nil
	})
	a := person(3)
	update(t, s, func(tx db.Tx) error { return tx.AddAccount(a) })
	if a.ID != 2 {
		t.Errorf("an id went to an act that never was: %d", a.ID)
	}
}

func TestProbeAndTouch(t *testing.T) {
	t.Parallel()
	s := dbtest.Open(t)
	for range 3 {
		if err := s.Probe(t.Context(), time.Now()); err != nil {
			t.Error(err)
		}
	}
	update(t, s, func(tx db.Tx) error { tx.Touch(time.Now()); return nil })
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Probe(ended, time.Now()); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Probe(t.Context(), time.Now()); !errors.Is(err, db.ErrUnavailable) {
		t.Errorf("of a closed store: %v", err)
	}
}

func TestBackupHoldsEverything(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := backup(f.engine, path); err != nil {
		t.Fatal(err)
	}
	s := dbtest.OpenFile(t, path)
	if diff := cmp.Diff(f.store(t).Info(), s.Info()); diff != "" {
		t.Error(diff)
	}
	assertContent(t, s, db.Schema)
}

func TestTime(t *testing.T) {
	t.Parallel()
	jakarta := time.FixedZone("WIB", 7*3600)
	for _, test := range []struct {
		in   time.Time
		want db.Time
		out  time.Time
	}{
		{time.Time{}, 0, time.Time{}},
		{time.Date(2026, 3, 4, 19, 0, 0, 1_999_999, jakarta), noon + 1, time.Date(2026, 3, 4, 12, 0, 0, 1_000_000, time.UTC)},
		{time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC), -1000, time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC)},
	} {
		if got := db.At(test.in); got != test.want || got.Time() != test.out {
			t.Errorf("%v: %d, %v", test.in, got, got.Time())
		}
	}
}
