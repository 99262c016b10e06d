package bolt_test

import (
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"kunci/db/bolt"
)

// Each act of a yardstick is a transaction of its own that removes a session
// with its index entries, and Remove leaves nothing.
func TestYardstick(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bare.db")
	const sessions, ended = 1500, 7
	y, err := bolt.NewYardstick(path, sessions)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bolt.NewYardstick(path, 1); err == nil {
		t.Error("a second one was made in the same file")
	}
	for n := range ended {
		if err := y.End(n); err != nil {
			t.Fatal(err)
		}
	}
	// Read a copy: the file itself is locked.
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := os.WriteFile(copied, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	bare, err := bbolt.Open(copied, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = bare.Close() }()
	err = bare.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			if n := b.Stats().KeyN; n != sessions-ended {
				t.Errorf("%s holds %d keys, want %d", name, n, sessions-ended)
			}
			return nil
		})
	})
	if err != nil {
		t.Error(err)
	}
	if err := y.Remove(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("the file is still there: %v", err)
	}
}
