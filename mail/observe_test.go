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

// Three attempts in a row without one that succeeds are a failure of mail, until
// a letter goes out; what a server refuses for good is that letter's.
func TestWorkerObserved(t *testing.T) {
	t.Parallel()
	refusal := &mail.PermanentError{Err: errors.New("550 unknown")}
	for name, test := range map[string]struct {
		answer  error
		want    map[mail.Outcome]int
		failing bool
	}{
		"takes":            {nil, map[mail.Outcome]int{mail.Sent: 1}, false},
		"down":             {errors.New("connection refused"), map[mail.Outcome]int{mail.Deferred: 3}, true},
		"refused for good": {refusal, map[mail.Outcome]int{mail.Deferred: 2, mail.Dropped: 1}, false},
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
				q.add(job("a"))
				w.Wake()
				time.Sleep(75 * time.Second) // 0, 10 and 40 s, each a fifth more or less
				synctest.Wait()
				if got := told(); !maps.Equal(got, test.want) || w.Failing() != test.failing {
					t.Errorf("told %v, want %v; failing %v", got, test.want, w.Failing())
				}
				mu.Lock()
				answer = nil
				mu.Unlock()
				q.add(job("b"))
				w.Wake()
				synctest.Wait()
				if w.Failing() {
					t.Error("it fails though a letter went out")
				}
			})
		})
	}
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
