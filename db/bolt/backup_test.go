package bolt_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"kunci/db"
)

// Each act raises two counters together; a copy in which they differ shows
// half of an act.
func TestBackupAndCheckUnderWrites(t *testing.T) {
	t.Parallel()
	e, _ := create(t)
	raise := func(w db.Writer) error {
		for _, key := range []string{"one", "two"} {
			var n uint64
			if v := w.Get(space, []byte(key)); v != nil {
				n = binary.BigEndian.Uint64(v)
			}
			w.Put(space, []byte(key), binary.BigEndian.AppendUint64(nil, n+1))
			w.Put(space, binary.BigEndian.AppendUint64([]byte(key), n), make([]byte, 300))
		}
		return nil
	}
	update(t, e, raise)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				if err := e.Update(context.Background(), raise); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 10 {
		var copied bytes.Buffer
		n, err := e.Backup(&copied)
		if err != nil || n != int64(copied.Len()) {
			t.Errorf("Backup: %d bytes said, %d written, %v", n, copied.Len(), err)
		}
		if err := e.Check(nil); err != nil {
			t.Errorf("Check under writes: %v", err)
		}
		path := filepath.Join(t.TempDir(), "copy.db")
		if err := os.WriteFile(path, copied.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		other := open(t, path)
		if err := other.Check(nil); err != nil {
			t.Errorf("the copy: %v", err)
		}
		if one, two := read(t, other, "one"), read(t, other, "two"); one != two || len(one) != 8 {
			t.Errorf("the copy shows half of an act: %x and %x", one, two)
		}
		closed(t, other)
	}
	cancel()
	wg.Wait()
	closed(t, e)
}

func TestBackupThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	e, _ := create(t)
	_, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	if _, err := e.Backup(w); err == nil {
		t.Error("it said nothing")
	}
	closed(t, e) // its transaction has ended
}
