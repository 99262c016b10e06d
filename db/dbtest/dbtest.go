// Package dbtest opens real stores for tests, and sees to it that every test
// leaves behind a data file in which all holds that must. It is for tests
// alone; nothing of the program imports it.
//
// The way of a test, in five lines:
//
//	Open        makes a data file in a folder of the test's own
//	the test    reads and writes as it likes; it may close the store itself
//	cleanup     closes the store, if it still stands open
//	reopen      so that only what is on the disk counts
//	Check       every fault it finds fails the test
//
// The function handed to Store.Update runs on the writer's goroutine, where
// t.Fatal must not be called: it returns an error instead, or uses t.Error.
package dbtest

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"kunci/db"
	"kunci/db/bolt"
)

// Engine makes a data file that holds its Info and nothing else, and opens
// it; it is closed at cleanup, unchecked, so that a test may damage it.
func Engine(t testing.TB) (*bolt.Engine, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kunci.db")
	info := db.Info{Instance: uuid.New(), Created: db.At(time.Now())}
	if err := bolt.Create(path, func(w db.Writer) error { return db.Init(w, info) }); err != nil {
		t.Fatalf("dbtest: making a data file: %v", err)
	}
	return engine(t, path), path
}

func engine(t testing.TB, path string) *bolt.Engine {
	t.Helper()
	e, err := bolt.Open(path)
	if err != nil {
		t.Fatalf("dbtest: opening the data file: %v", err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("dbtest: closing the data file: %v", err)
		}
	})
	return e
}

// Open makes an empty store, which is closed and checked at cleanup.
func Open(t testing.TB) *db.Store {
	t.Helper()
	e, path := Engine(t)
	return checked(t, e, path)
}

// OpenFile opens the store in a data file, which is closed and checked at
// cleanup.
func OpenFile(t testing.TB, path string) *db.Store {
	t.Helper()
	return checked(t, engine(t, path), path)
}

func checked(t testing.TB, e *bolt.Engine, path string) *db.Store {
	t.Helper()
	s, err := open(e)
	if err != nil {
		t.Fatalf("dbtest: opening the store: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("dbtest: closing the store: %v", err)
			return
		}
		check(t, path)
	})
	return s
}

func open(e db.Engine) (*db.Store, error) {
	s, err := db.New(e)
	if err != nil {
		return nil, err
	}
	return s, s.Migrate(context.Background())
}

func check(t testing.TB, path string) {
	t.Helper()
	e, err := bolt.Open(path)
	if err != nil {
		t.Errorf("dbtest: opening the data file again: %v", err)
		return
	}
	defer func() { _ = e.Close() }()
	s, err := open(e)
	if err != nil {
		t.Errorf("dbtest: opening the store again: %v", err)
		return
	}
	faults, err := s.Check()
	if err != nil {
		t.Errorf("dbtest: checking the store: %v", err)
	}
	for _, fault := range faults {
		t.Errorf("dbtest: the test left a fault behind: %s", fault)
	}
}
