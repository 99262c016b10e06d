package bolt_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"kunci/db"
)

// Whoever takes a backup slowly must not stop the writers, not even when the
// file grows meanwhile to many times its size.
func TestWritesGoOnDuringASlowBackup(t *testing.T) {
	t.Parallel()
	e, path := create(t)
	update(t, e, put("a", "before"))
	from, to := io.Pipe()
	backup := make(chan error, 1)
	go func() {
		_, err := e.Backup(to)
		_ = to.CloseWithError(err)
		backup <- err
	}()
	first := make([]byte, 1)
	if _, err := io.ReadFull(from, first); err != nil { // it is under way
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for i := range 40 {
		err := e.Update(ctx, func(w db.Writer) error {
			w.Put(space, fmt.Appendf(nil, "key-%d", i), make([]byte, 256<<10))
			return nil
		})
		if err != nil {
			_ = from.Close() // or the engine could not be closed
			t.Fatalf("write %d: %v", i, err)
		}
	}
	rest, err := io.ReadAll(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := <-backup; err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := os.WriteFile(copied, append(first, rest...), 0o600); err != nil {
		t.Fatal(err)
	}
	other := open(t, copied)
	if before, during := read(t, other, "a"), read(t, other, "key-0"); before != "before" || during != "-" {
		t.Errorf("the backup holds %q and %q, want the state when it began", before, during)
	}
	if info, err := os.Stat(path); err != nil || info.Size() < 10<<20 {
		t.Errorf("the file did not grow: %v", err)
	}
}

// The map takes addresses only: a small file stays small.
func TestSmallFileStaysSmall(t *testing.T) {
	t.Parallel()
	e, path := create(t)
	for i := range 20 {
		update(t, e, put(fmt.Sprint(i), "x"))
	}
	closed(t, e)
	if info, err := os.Stat(path); err != nil || info.Size() > 2<<20 {
		t.Errorf("20 short values take %d bytes, %v", info.Size(), err)
	}
}
