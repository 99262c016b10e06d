package db_test

import (
	"testing"

	"kunci/db"
)

// What Keep notes stands until the migration is done, and only while nothing
// has run on the file since.
func TestKeep(t *testing.T) {
	t.Parallel()
	s, err := db.New(made(t, func(w db.Writer) error {
		if err := db.Init(w, infoOf(1)); err != nil {
			return err
		}
		old := infoOf(1)
		return sealed(&old)(w)
	}))
	if err != nil {
		t.Fatal(err)
	}
	is := func(when, want string) {
		t.Helper()
		if got, err := s.Kept(); got != want || err != nil {
			t.Errorf("%s: %q, %v, want %q", when, got, err, want)
		}
	}
	is("at first", "")
	if err := s.Keep(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	is("noted", "a")
	if err := s.Probe(t.Context(), noon.Time()); err != nil {
		t.Fatal(err)
	}
	is("served since", "")
	if err := s.Keep(t.Context(), "b"); err != nil {
		t.Fatal(err)
	}
	is("noted again", "b")
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	is("migrated", "")
}
