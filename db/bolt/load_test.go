package bolt_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"testing/synctest"

	"kunci/db"
	"kunci/db/bolt"
)

func load(t testing.TB, e *bolt.Engine, fn func(db.Writer) error) {
	t.Helper()
	if err := e.Load(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

func TestLoadSeesItsOwnWrites(t *testing.T) {
	t.Parallel()
	e, path := create(t)
	update(t, e, put("old", "stands"))
	load(t, e, func(w db.Writer) error {
		for i := range 5000 {
			w.Put("many", binary.BigEndian.AppendUint32(nil, uint32(i)), []byte("x"))
		}
		w.Put(space, []byte("new"), []byte("y"))
		w.Delete(space, []byte("old"))
		w.Delete(space, []byte("never"))
		n := 0
		w.Scan("many", nil, nil, func(_, _ []byte) bool { n++; return true })
		last, _ := w.Last("many")
		if n != 5000 || !bytes.Equal(last, []byte{0, 0, 0x13, 0x87}) || w.Get(space, []byte("old")) != nil || string(w.Get(space, []byte("new"))) != "y" {
			t.Errorf("%d keys, the last %x", n, last)
		}
		return nil
	})
	closed(t, e)
	e = open(t, path)
	if o, n := read(t, e, "old"), read(t, e, "new"); o != "-" || n != "y" {
		t.Errorf("%q and %q", o, n)
	}
	if err := e.Check(nil); err != nil {
		t.Error(err)
	}
}

func TestLoadThatFailsLeavesNoTrace(t *testing.T) {
	t.Parallel()
	refusal := errors.New("no")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	tests := []struct {
		name string
		ctx  context.Context
		fn   func(db.Writer) error
		want func(err error, panicked any) bool
	}{
		{"an error", t.Context(), func(db.Writer) error { return refusal }, func(err error, _ any) bool { return errors.Is(err, refusal) }},
		{"a panic", t.Context(), func(db.Writer) error { panic("ouch") }, func(_ error, p any) bool { return p == "ouch" }},
		{"an empty key", t.Context(), func(w db.Writer) error { w.Put(space, nil, nil); return nil }, func(err error, _ any) bool { return err != nil }},
		{"a key too long", t.Context(), func(w db.Writer) error { w.Put(space, make([]byte, 1<<16), nil); return nil }, func(err error, _ any) bool { return err != nil }},
		{"no space", t.Context(), func(w db.Writer) error { w.Put("", []byte("k"), nil); return nil }, func(err error, _ any) bool { return err != nil }},
		{"an ended context", ended, func(db.Writer) error { return nil }, func(err error, _ any) bool { return errors.Is(err, context.Canceled) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			e, _ := create(t)
			panicked, err := try(func() error {
				return e.Load(test.ctx, func(w db.Writer) error {
					w.Put(space, []byte("a"), []byte("x"))
					err := test.fn(w)
					w.Put(space, []byte("b"), []byte("x"))
					return err
				})
			})
			if !test.want(err, panicked) {
				t.Errorf("error %v, panic %v", err, panicked)
			}
			if a, b := read(t, e, "a"), read(t, e, "b"); a != "-" || b != "-" {
				t.Errorf("it left %q and %q", a, b)
			}
			if err := e.Failure(); err != nil {
				t.Error(err)
			}
			load(t, e, put("a", "next"))
			update(t, e, put("b", "next"))
			if err := e.Check(nil); err != nil || read(t, e, "a") != "next" {
				t.Errorf("the next: %v", err)
			}
		})
	}
}

func TestLoadTakesItsTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, path := create(t)
		release := occupy(t, e)
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() { update(t, e, put(fmt.Sprint("update", i), "x")) })
			wg.Go(func() { load(t, e, put(fmt.Sprint("load", i), "x")) })
		}
		synctest.Wait()
		release()
		wg.Wait()
		for i := range 20 {
			if u, l := read(t, e, fmt.Sprint("update", i)), read(t, e, fmt.Sprint("load", i)); u != "x" || l != "x" {
				t.Errorf("%d: %q and %q", i, u, l)
			}
		}
		closed(t, e)
		if err := e.Load(t.Context(), put("late", "x")); !errors.Is(err, db.ErrUnavailable) {
			t.Errorf("after Close: %v", err)
		}
		empty, emptyPath := create(t)
		closed(t, empty)
		if n := commits(t, path) - commits(t, emptyPath); n != 21 {
			t.Errorf("20 loads, and 20 acts that waited together, took %d commits, want 21", n)
		}
	})
}

func TestLoadOverDamage(t *testing.T) {
	t.Parallel()
	raw := filled(t)
	leaves := pages(raw, 0x02)
	content := bytes.Clone(raw)
	for _, id := range leaves[len(leaves)/4 : len(leaves)/2] {
		content[id*uint64(os.Getpagesize())+8] = 0
	}
	each := func(act func(w db.Writer, key []byte)) func(db.Writer) error {
		return func(w db.Writer) error {
			for i := range 1000 {
				act(w, fmt.Appendf(nil, "key-%05d", i))
			}
			return nil
		}
	}
	e, err := damaged(t, content)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Load(t.Context(), each(func(w db.Writer, key []byte) { w.Get("big", key) })); !errors.Is(err, db.ErrEngineDamaged) {
		t.Errorf("reading: %v", err)
	}
	if err := e.Failure(); err != nil {
		t.Errorf("reading ends all writing: %v", err)
	}
	if err := e.Load(t.Context(), each(func(w db.Writer, key []byte) { w.Put("big", key, nil) })); !errors.Is(err, db.ErrEngineDamaged) {
		t.Errorf("writing: %v", err)
	}
	<-e.Failed()
	if err := e.Load(t.Context(), put("a", "x")); !errors.Is(err, db.ErrUnavailable) {
		t.Errorf("the next: %v", err)
	}
}

// Keys that come in order leave no half-empty pages behind, neither in a load
// nor in the space whose keys ascend.
func TestKeysInOrderArePacked(t *testing.T) {
	t.Parallel()
	value := make([]byte, 280)
	size := func(write func(e *bolt.Engine, from int)) int64 {
		e, _ := create(t)
		for from := 0; from < 5000; from += 100 {
			write(e, from)
		}
		_, after, err := e.Compact(t.TempDir() + "/copy.db")
		if err != nil {
			t.Error(err)
		}
		n, err := e.Backup(&bytes.Buffer{})
		if err != nil {
			t.Error(err)
		}
		return 100 * n / after
	}
	some := func(s db.Space, from, step int) func(db.Writer) error {
		return func(w db.Writer) error {
			for i := range 100 {
				w.Put(s, binary.BigEndian.AppendUint32(nil, uint32(from+i)*uint32(step)), value)
			}
			return nil
		}
	}
	for _, test := range []struct {
		name        string
		write       func(e *bolt.Engine, from int)
		least, most int64 // percent of what a compact file takes
	}{
		{"ascending, loaded", func(e *bolt.Engine, from int) { load(t, e, some("any", from, 1)) }, 100, 120},
		{"the accounts, updated", func(e *bolt.Engine, from int) { update(t, e, some("account", from, 1)) }, 100, 120},
		{"scattered, loaded", func(e *bolt.Engine, from int) { load(t, e, some("any", from, 2654435761)) }, 121, 300},
	} {
		if got := size(test.write); got < test.least || got > test.most {
			t.Errorf("%s: %d %% of a compact file, want %d to %d", test.name, got, test.least, test.most)
		}
	}
}
