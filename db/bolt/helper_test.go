package bolt_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"kunci/db"
	"kunci/db/bolt"
)

const space db.Space = "things"

func nothing(db.Writer) error { return nil }

// create makes a data file and opens it, closing it at cleanup.
func create(t testing.TB) (*bolt.Engine, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kunci.db")
	if err := bolt.Create(path, nothing); err != nil {
		t.Fatal(err)
	}
	return open(t, path), path
}

func open(t testing.TB, path string) *bolt.Engine {
	t.Helper()
	e, err := bolt.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func put(key, value string) func(db.Writer) error {
	return func(w db.Writer) error {
		w.Put(space, []byte(key), []byte(value))
		return nil
	}
}

func update(t testing.TB, e *bolt.Engine, fn func(db.Writer) error) {
	t.Helper()
	if err := e.Update(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

// read is the value at a key as a string, "-" where there is none.
func read(t testing.TB, e *bolt.Engine, key string) (value string) {
	t.Helper()
	err := e.View(func(r db.Reader) error {
		value = "-"
		if v := r.Get(space, []byte(key)); v != nil {
			value = string(v)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func closed(t testing.TB, e *bolt.Engine) {
	t.Helper()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}

// commits is how many transactions a closed data file has seen.
func commits(t testing.TB, path string) (id int) {
	t.Helper()
	b, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.Close() }()
	if err := b.View(func(tx *bbolt.Tx) error { id = tx.ID(); return nil }); err != nil {
		t.Fatal(err)
	}
	return id
}

func hash(t testing.TB, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x of %d bytes", sha256.Sum256(raw), len(raw))
}
