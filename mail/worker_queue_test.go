package mail_test

import (
	"bytes"
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kunci/mail"
)

// memory is a queue for tests; what it holds can outlive a worker, as a store does.
type memory struct {
	mu      sync.Mutex
	waiting map[string]waiting
	done    []string
	dropped []string // "id: cause"
	failing error    // answer of every method
}

type waiting struct {
	job mail.Job
	at  time.Time
}

func (q *memory) add(j mail.Job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting == nil {
		q.waiting = make(map[string]waiting)
	}
	q.waiting[j.ID] = waiting{j, time.Now()}
}

func (q *memory) fail(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.failing = err
}

func (q *memory) Due(now time.Time, limit int) ([]mail.Job, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var due []waiting
	for _, w := range q.waiting {
		if !w.at.After(now) {
			due = append(due, w)
		}
	}
	slices.SortFunc(due, func(a, b waiting) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.job.ID, b.job.ID)) })
	var jobs []mail.Job
	for _, w := range due[:min(limit, len(due))] {
		jobs = append(jobs, w.job)
	}
	return jobs, q.failing
}

func (q *memory) Done(j mail.Job) error {
	return q.end(func() { q.done = append(q.done, j.ID); delete(q.waiting, j.ID) })
}

func (q *memory) Retry(j mail.Job, at time.Time, _ string) error {
	return q.end(func() { q.waiting[j.ID] = waiting{j, at} })
}

func (q *memory) Drop(j mail.Job, cause string) error {
	return q.end(func() { q.dropped = append(q.dropped, j.ID+": "+cause); delete(q.waiting, j.ID) })
}

func (q *memory) end(change func()) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.failing == nil {
		change()
	}
	return q.failing
}

func (q *memory) state() (left int, done, dropped []string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting), slices.Clone(q.done), slices.Clone(q.dropped)
}

// sink is a sender for tests: it does what the function says and notes when each letter came.
type sink struct {
	do func(ctx context.Context, l *mail.Letter) error

	mu      sync.Mutex
	letters []*mail.Letter
	times   []time.Duration // since the sink was made
	made    time.Time
}

func newSink(do func(ctx context.Context, l *mail.Letter) error) *sink {
	return &sink{do: do, made: time.Now()}
}

func (s *sink) String() string { return "sink" }

func (s *sink) Send(ctx context.Context, l *mail.Letter) error {
	s.mu.Lock()
	s.letters = append(s.letters, l)
	s.times = append(s.times, time.Since(s.made))
	s.mu.Unlock()
	return s.do(ctx, l)
}

func (s *sink) seen() ([]*mail.Letter, []time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.letters), slices.Clone(s.times)
}

func takes(context.Context, *mail.Letter) error { return nil }

// job returns a reset mail, queued now, without an expiry.
func job(id string) mail.Job {
	m := message(mail.Reset, "en")
	m.ID, m.Created = "", time.Now()
	return mail.Job{ID: id, Message: m}
}

// run starts a worker in a synctest bubble; the function returned stops it and gives the log.
func run(t *testing.T, q mail.Queue, s mail.Sender) (w *mail.Worker, stop func() string) {
	t.Helper()
	var log bytes.Buffer
	w = mail.NewWorker(q, s, sender, slog.New(slog.NewTextHandler(&log, nil)))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); w.Run(ctx) }()
	synctest.Wait()
	return w, func() string {
		cancel()
		<-ended
		for _, secret := range []string{"john", "example.org", "token", "auth.example", "John"} {
			if strings.Contains(log.String(), secret) {
				t.Errorf("%q is in the log:\n%s", secret, log.String())
			}
		}
		return log.String()
	}
}
