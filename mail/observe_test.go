package mail_test

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kunci/mail"
)

// watched runs a worker whose outcomes are counted.
func watched(t *testing.T, q mail.Queue, s mail.Sender) (w *mail.Worker, told func() map[mail.Outcome]int) {
	t.Helper()
	var mu sync.Mutex
	counts := map[mail.Outcome]int{}
	w = mail.NewWorker(q, s, sender, slog.New(slog.DiscardHandler))
	w.Observe(func(o mail.Outcome) {
		mu.Lock()
		defer mu.Unlock()
		counts[o]++
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); w.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	return w, func() map[mail.Outcome]int {
		mu.Lock()
		defer mu.Unlock()
		return maps.Clone(counts)
	}
}

// Three letters that fail without one that goes out are a failure of mail, until
// one does; what a server refuses for good, and what fails of one letter alone,
// is that letter's.
func TestWorkerObserved(t *testing.T) {
	t.Parallel()
	refusal := &mail.PermanentError{Err: errors.New("550 unknown")}
	down := errors.New("connection refused")
	for name, test := range map[string]struct {
		jobs    []string
		answer  error
		want    map[mail.Outcome]int
		failing bool
	}{
		"takes":            {[]string{"a"}, nil, map[mail.Outcome]int{mail.Sent: 1}, false},
		"down":             {[]string{"a", "b", "c"}, down, map[mail.Outcome]int{mail.Deferred: 9}, true},
		"one receiver":     {[]string{"a"}, down, map[mail.Outcome]int{mail.Deferred: 3}, false},
		"two receivers":    {[]string{"a", "b"}, down, map[mail.Outcome]int{mail.Deferred: 6}, false},
		"refused for good": {[]string{"a", "b", "c"}, refusal, map[mail.Outcome]int{mail.Deferred: 6, mail.Dropped: 3}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				answer := test.answer
				q, s := &memory{}, newSink(func(context.Context, *mail.Letter) error {
					mu.Lock()
					defer mu.Unlock()
					return answer
				})
				w, told := watched(t, q, s)
				if w.Failing() {
					t.Error("it fails before it has begun")
				}
				for _, id := range test.jobs {
					q.add(job(id))
				}
				w.Wake()
				time.Sleep(75 * time.Second) // 0, 10 and 40 s, each a fifth more or less
				synctest.Wait()
				if got := told(); !maps.Equal(got, test.want) || w.Failing() != test.failing {
					t.Errorf("told %v, want %v; failing %v", got, test.want, w.Failing())
				}
				mu.Lock()
				answer = nil
				mu.Unlock()
				q.add(job("z"))
				w.Wake()
				synctest.Wait()
				if w.Failing() {
					t.Error("it fails though a letter went out")
				}
			})
		})
	}
}

// Once all that failed is given up and nothing waits, nothing says that mail does
// not go out; while one letter waits, what failed before counts.
func TestWorkerObservesTheEndOfItsQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, s := &memory{}, newSink(func(context.Context, *mail.Letter) error { return errors.New("connection refused") })
		w, told := watched(t, q, s)
		for id, good := range map[string]time.Duration{"a": time.Minute, "b": time.Minute, "c": 30 * time.Minute} {
			j := job(id)
			j.Expires = time.Now().Add(good)
			q.add(j)
		}
		w.Wake()
		for _, step := range []struct {
			wait    time.Duration
			dropped int
			failing bool
		}{{20 * time.Second, 0, true}, {10 * time.Minute, 2, true}, {time.Hour, 3, false}} {
			time.Sleep(step.wait)
			synctest.Wait()
			if got := told()[mail.Dropped]; got != step.dropped || w.Failing() != step.failing {
				t.Errorf("after %s more %d are given up, want %d; failing %v", step.wait, got, step.dropped, w.Failing())
			}
		}
	})
}

// A queue that can't be read or written is a failure for as long as it lasts.
func TestWorkerObservesItsQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := &memory{}
		s := newSink(func(context.Context, *mail.Letter) error { q.fail(errors.New("disk full")); return nil })
		w, told := watched(t, q, s)
		q.add(job("a"))
		w.Wake()
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if got := told(); got[mail.Sent] != 1 || !w.Failing() {
			t.Errorf("told %v, failing %v", got, w.Failing())
		}
		q.fail(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		if w.Failing() {
			t.Error("it fails though the queue is whole again")
		}
	})
}
