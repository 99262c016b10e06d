package bolt_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"kunci/db"
	"kunci/db/bolt"
)

// Each test here runs in a synctest bubble, which fails by itself when a
// goroutine is left behind.

func TestUpdatesShareACommit(t *testing.T) {
	t.Parallel()
	var path string
	synctest.Test(t, func(t *testing.T) {
		var e *bolt.Engine
		e, path = create(t)
		release := occupy(t, e)
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				if err := e.Update(t.Context(), put(fmt.Sprint(i), "x")); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		release()
		wg.Wait()
		closed(t, e)
		empty, emptyPath := create(t)
		closed(t, empty)
		if n := commits(t, path) - commits(t, emptyPath); n != 1 {
			t.Errorf("200 acts that waited together took %d commits, want 1", n)
		}
	})
}

func TestUpdatesInABatchSeeEachOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, _ := create(t)
		release := occupy(t, e)
		var wg sync.WaitGroup
		var won atomic.Int32
		for range 50 {
			wg.Go(func() {
				err := e.Update(t.Context(), func(w db.Writer) error {
					if w.Get(space, []byte("prize")) != nil {
						return errors.New("it is gone")
					}
					w.Put(space, []byte("prize"), []byte("mine"))
					return nil
				})
				if err == nil {
					won.Add(1)
				}
			})
		}
		synctest.Wait()
		release()
		wg.Wait()
		if won.Load() != 1 {
			t.Errorf("%d acts took what only one could take", won.Load())
		}
		closed(t, e)
	})
}

func TestUpdateWithAnEndedContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, path := create(t)
		ctx, cancel := context.WithCancel(t.Context())
		release := occupy(t, e)
		over := make(chan error, 1)
		go func() { over <- e.Update(ctx, put("waiting", "x")) }()
		synctest.Wait()
		cancel()
		if err := <-over; !errors.Is(err, context.Canceled) {
			t.Errorf("ended while it waited: %v", err)
		}
		if err := e.Update(ctx, put("late", "x")); !errors.Is(err, context.Canceled) {
			t.Errorf("ended before it was asked for: %v", err)
		}
		release()
		closed(t, e)
		e = open(t, path)
		if w, l := read(t, e, "waiting"), read(t, e, "late"); w != "-" || l != "-" {
			t.Errorf("they left %q and %q", w, l)
		}
		closed(t, e)
	})
}

// run asks for two acts in one commit, of which the first to run ends with
// first and the other waits; it ends the contexts of both when only the
// commit is left to the first, and says what its caller heard.
func run(t *testing.T, e *bolt.Engine, first func() error) (panicked any, err error) {
	t.Helper()
	release := occupy(t, e)
	ctx, cancel := context.WithCancel(t.Context())
	hold := make(chan struct{})
	var turn atomic.Int32
	type outcome struct {
		panicked any
		err      error
	}
	outcomes := make(chan outcome, 2)
	for range 2 {
		go func() {
			panicked, err := try(func() error {
				return e.Update(ctx, func(db.Writer) error {
					if turn.Add(1) == 1 {
						return first()
					}
					<-hold
					return nil
				})
			})
			outcomes <- outcome{panicked, err}
		}()
	}
	synctest.Wait()
	release()
	synctest.Wait()
	cancel()
	synctest.Wait()
	if n := len(outcomes); n != 1 {
		t.Errorf("%d acts have returned, want the one whose function has ended", n)
	}
	got := <-outcomes
	close(hold)
	<-outcomes
	return got.panicked, got.err
}

func TestUpdateWhoseContextEndsDuringTheCommit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, _ := create(t)
		if panicked, err := run(t, e, func() error { return nil }); !errors.Is(err, context.Canceled) || panicked != nil {
			t.Errorf("error %v, panic %v", err, panicked)
		}
		if panicked, _ := run(t, e, func() error { panic("ouch") }); panicked != "ouch" {
			t.Errorf("a panic was lost: %v", panicked)
		}
		closed(t, e)
	})
}

func TestCloseRefusesWhatComesLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, path := create(t)
		release := occupy(t, e)
		results := make([]error, 100)
		var wg sync.WaitGroup
		for i := range results {
			wg.Go(func() { results[i] = e.Update(context.Background(), put(fmt.Sprint(i), "x")) })
		}
		synctest.Wait()
		wg.Go(func() {
			if err := e.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
		synctest.Wait()
		if err := e.Update(t.Context(), put("late", "x")); !errors.Is(err, db.ErrUnavailable) {
			t.Errorf("an act after Close: %v", err)
		}
		release()
		wg.Wait()
		if err := e.View(func(db.Reader) error { return nil }); !errors.Is(err, db.ErrUnavailable) {
			t.Errorf("a View after Close: %v", err)
		}
		if err := e.Check(nil); !errors.Is(err, db.ErrUnavailable) {
			t.Errorf("a Check after Close: %v", err)
		}
		closed(t, e) // once more does no harm

		e = open(t, path)
		for i, err := range results {
			want := "x"
			if err != nil {
				want = "-"
				if !errors.Is(err, db.ErrUnavailable) {
					t.Errorf("act %d: %v", i, err)
				}
			}
			if got := read(t, e, fmt.Sprint(i)); got != want {
				t.Errorf("act %d said %v and left %q", i, err, got)
			}
		}
		closed(t, e)
	})
}
