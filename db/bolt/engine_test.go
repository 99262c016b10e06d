package bolt_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"kunci/db"
	"kunci/db/bolt"
)

func TestUpdateSeesItsOwnWritesAndNoOneElseBefore(t *testing.T) {
	t.Parallel()
	e, _ := create(t)
	update(t, e, put("a", "old"))
	update(t, e, func(w db.Writer) error {
		w.Put(space, []byte("a"), []byte("new"))
		w.Put(space, []byte("empty"), nil)
		if got := w.Get(space, []byte("a")); string(got) != "new" {
			t.Errorf("in the act: %q", got)
		}
		if got := w.Get(space, []byte("empty")); got == nil || len(got) != 0 {
			t.Errorf("an empty value reads as %#v, want one that is there", got)
		}
		if got := read(t, e, "a"); got != "old" {
			t.Errorf("beside the act: %q", got)
		}
		w.Delete(space, []byte("a"))
		if got := w.Get(space, []byte("a")); got != nil {
			t.Errorf("after Delete: %q", got)
		}
		return nil
	})
	if a, empty := read(t, e, "a"), read(t, e, "empty"); a != "-" || empty != "" {
		t.Errorf("after the act: a %q, empty %q", a, empty)
	}
}

func TestUpdateKeepsCopies(t *testing.T) {
	t.Parallel()
	e, _ := create(t)
	update(t, e, func(w db.Writer) error {
		key, value := []byte("a"), []byte("1")
		w.Put(space, key, value)
		key[0], value[0] = 'b', '2'
		w.Put(space, key, value)
		key[0] = 'c'
		w.Delete(space, key)
		key[0] = 'a'
		return nil
	})
	if a, b := read(t, e, "a"), read(t, e, "b"); a != "1" || b != "2" {
		t.Errorf("a %q, b %q, want 1 and 2", a, b)
	}
}

func TestUpdateWhatFailsDoesNotDisturbTheRest(t *testing.T) {
	t.Parallel()
	refusal := errors.New("no")
	tooLong := make([]byte, 40_000)
	tests := []struct {
		name  string
		act   func(db.Writer) error
		check func(err error, panicked any) bool
	}{
		{"an error", func(w db.Writer) error { w.Put(space, []byte("bad"), nil); return refusal },
			func(err error, _ any) bool { return errors.Is(err, refusal) }},
		{"a panic", func(w db.Writer) error { w.Put(space, []byte("bad"), nil); panic("ouch") },
			func(_ error, p any) bool { return p == "ouch" }},
		{"a fault of the program", func(w db.Writer) error {
			w.Put(space, []byte("bad"), nil)
			var none *int
			*none = 1
			return nil
		}, func(err error, p any) bool { return p != nil && !errors.Is(err, db.ErrEngineDamaged) }},
		{"an empty key", func(w db.Writer) error { w.Put(space, []byte("bad"), nil); w.Put(space, nil, nil); return nil },
			func(err error, _ any) bool { return err != nil && !errors.Is(err, db.ErrUnavailable) }},
		{"a key too long", func(w db.Writer) error { w.Put(space, []byte("bad"), nil); w.Put(space, tooLong, nil); return nil },
			func(err error, _ any) bool { return err != nil && !errors.Is(err, db.ErrUnavailable) }},
		{"a space without a name", func(w db.Writer) error { w.Put(space, []byte("bad"), nil); w.Put("", []byte("k"), nil); return nil },
			func(err error, _ any) bool { return err != nil && !errors.Is(err, db.ErrUnavailable) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e, _ := create(t)
				release := occupy(t, e)
				var wg sync.WaitGroup
				for i := range 40 {
					wg.Go(func() {
						if err := e.Update(t.Context(), put(fmt.Sprint("good", i), "x")); err != nil {
							t.Errorf("one of the rest: %v", err)
						}
					})
					if i != 20 {
						continue
					}
					wg.Go(func() {
						panicked, err := try(func() error { return e.Update(t.Context(), test.act) })
						if !test.check(err, panicked) {
							t.Errorf("the one that fails: error %v, panic %v", err, panicked)
						}
					})
				}
				synctest.Wait()
				release()
				wg.Wait()
				if got := read(t, e, "bad"); got != "-" {
					t.Errorf("the one that failed left %q", got)
				}
				for i := range 40 {
					if got := read(t, e, fmt.Sprint("good", i)); got != "x" {
						t.Errorf("good%d is %q", i, got)
					}
				}
				closed(t, e)
			})
		})
	}
}

func try(fn func() error) (panicked any, err error) {
	defer func() { panicked = recover() }()
	return nil, fn()
}

// occupy holds the writer in an act until release, so that what is asked for
// meanwhile queues up. Inside a synctest bubble.
func occupy(t *testing.T, e *bolt.Engine) (release func()) {
	t.Helper()
	hold, over := make(chan struct{}), make(chan error, 1)
	go func() {
		over <- e.Update(context.Background(), func(db.Writer) error { <-hold; return nil })
	}()
	synctest.Wait()
	return func() {
		close(hold)
		if err := <-over; err != nil {
			t.Errorf("the act that held the writer: %v", err)
		}
	}
}

func TestUpdateIsDurable(t *testing.T) {
	t.Parallel()
	e, path := create(t)
	for i := range 5 {
		update(t, e, put(fmt.Sprint(i), "here"))
	}
	update(t, e, func(w db.Writer) error { w.Delete(space, []byte("3")); return nil })
	closed(t, e)
	e = open(t, path)
	for i, want := range []string{"here", "here", "here", "-", "here"} {
		if got := read(t, e, fmt.Sprint(i)); got != want {
			t.Errorf("%d after reopening: %q, want %q", i, got, want)
		}
	}
	if err := e.Check(nil); err != nil {
		t.Error(err)
	}
}

func TestUpdateWithoutWritesCommitsNothing(t *testing.T) {
	t.Parallel()
	e, path := create(t)
	closed(t, e)
	before := hash(t, path)
	e = open(t, path)
	update(t, e, nothing)
	closed(t, e)
	if after := hash(t, path); after != before {
		t.Error("an act without writes changed the file")
	}
}

func TestViewPassesErrorsAndPanicsOn(t *testing.T) {
	t.Parallel()
	e, _ := create(t)
	refusal := errors.New("no")
	if err := e.View(func(db.Reader) error { return refusal }); !errors.Is(err, refusal) {
		t.Errorf("error %v", err)
	}
	if p, _ := try(func() error { return e.View(func(db.Reader) error { panic("ouch") }) }); p != "ouch" {
		t.Errorf("panic %v", p)
	}
	// A read transaction left open would hold up Close.
	closed(t, e)
}

func TestViewOfNothing(t *testing.T) {
	t.Parallel()
	e, _ := create(t)
	err := e.View(func(r db.Reader) error {
		if v := r.Get("unheard of", []byte("a")); v != nil {
			t.Errorf("Get: %q", v)
		}
		if k, v := r.Last("unheard of"); k != nil || v != nil {
			t.Errorf("Last: %q %q", k, v)
		}
		r.Scan("unheard of", nil, nil, func(k, _ []byte) bool { t.Errorf("Scan: %q", k); return true })
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
