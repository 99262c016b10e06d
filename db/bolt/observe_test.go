package bolt_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	"kunci/db"
	"kunci/db/bolt"
)

// Each commit is told of once, with those who shared it; what writes nothing is
// no commit.
func TestObserve(t *testing.T) {
	t.Parallel()
	e, _ := create(t)
	var mu sync.Mutex
	commits, acts := 0, 0
	e.Observe(func(c bolt.Commit) {
		mu.Lock()
		defer mu.Unlock()
		commits++
		acts += c.Acts
		if c.Took <= 0 || c.Err != nil {
			t.Errorf("%+v", c)
		}
	})
	told := func() (int, int) {
		mu.Lock()
		defer mu.Unlock()
		return commits, acts
	}
	update(t, e, put("a", "1"))
	if n, of := told(); n != 1 || of != 1 {
		t.Errorf("%d commits of %d acts", n, of)
	}
	update(t, e, nothing)
	if err := e.Update(context.Background(), func(w db.Writer) error { return errors.New("refused") }); err == nil {
		t.Error("no error")
	}
	if n, _ := told(); n != 1 {
		t.Errorf("%d commits, one wrote", n)
	}
	if err := e.Load(context.Background(), put("b", "2")); err != nil {
		t.Fatal(err)
	}
	if n, of := told(); n != 2 || of != 2 {
		t.Errorf("after a load %d commits of %d acts", n, of)
	}
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			if err := e.Update(context.Background(), put(fmt.Sprint(i), "x")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n, of := told(); n > 202 || of != 202 {
		t.Errorf("%d commits of %d acts, want 202 acts", n, of)
	}
}

// The size is the file's; what was deleted is free, and used again.
func TestSize(t *testing.T) {
	t.Parallel()
	e, path := create(t)
	value := string(make([]byte, 3000))
	for i := range 200 {
		update(t, e, put(fmt.Sprintf("%03d", i), value))
	}
	size := func() (file, free int64) {
		t.Helper()
		file, free, err := e.Size()
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Size() != file || free < 0 || free >= file {
			t.Errorf("%d bytes, %d of them free, of a file of %d: %v", file, free, info.Size(), err)
		}
		return file, free
	}
	before, had := size()
	for i := range 200 {
		update(t, e, func(w db.Writer) error { w.Delete(space, fmt.Appendf(nil, "%03d", i)); return nil })
	}
	if file, free := size(); file != before || free < had+200*3000 {
		t.Errorf("after deleting 600,000 bytes of %d (%d free), %d are free of %d", before, had, free, file)
	}
	// Whoever asks while others write gets an answer all the same.
	var all sync.WaitGroup
	all.Go(func() {
		for i := range 100 {
			if err := e.Update(context.Background(), put(fmt.Sprint(i), value)); err != nil {
				t.Error(err)
			}
		}
	})
	for range 100 {
		if _, _, err := e.Size(); err != nil {
			t.Error(err)
		}
	}
	all.Wait()
	closed(t, e)
	if _, _, err := e.Size(); err == nil {
		t.Error("a closed file has a size")
	}
}
