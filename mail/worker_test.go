package mail_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"kunci/mail"
)

func TestWorkerWake(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, s := &memory{}, newSink(takes)
		w, stop := run(t, q, s)
		q.add(job("a"))
		w.Wake()
		w.Wake()
		w.Wake()
		synctest.Wait() // without any time passing
		q.add(job("b")) // whose wake is lost
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if letters, times := s.seen(); len(letters) != 2 || times[0] != 0 || times[1] != 5*time.Second || letters[0].MessageID != "a@example.com" {
			t.Errorf("%v at %v", letters, times)
		}
		log := stop()
		if left, done, _ := q.state(); left != 0 || !slices.Equal(done, []string{"a", "b"}) {
			t.Errorf("%d left, done %v", left, done)
		}
		if lines := strings.Split(strings.TrimSpace(log), "\n"); len(lines) != 2 ||
			!strings.Contains(lines[0], `msg="mail sent" kind=reset job=a attempt=1 took=0s`) {
			t.Errorf("log:\n%s", log)
		}
	})
}

func TestWorkerFindsWhatWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, s := &memory{}, newSink(takes)
		for i := range 20 {
			q.add(job(fmt.Sprintf("job-%02d", i)))
		}
		_, stop := run(t, q, s)
		stop()
		letters, _ := s.seen()
		if left, done, _ := q.state(); left != 0 || len(done) != 20 || len(letters) != 20 {
			t.Errorf("%d left, %d done, %d sent", left, len(done), len(letters))
		}
	})
}

func TestWorkerBackoff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := &memory{}
		s := newSink(func(context.Context, *mail.Letter) error {
			return errors.New("451 no room for john@example.org, see " + link)
		})
		q.add(job("a"))
		_, stop := run(t, q, s)
		time.Sleep(75 * time.Hour)
		synctest.Wait()
		log := stop()
		_, times := s.seen()
		want := []time.Duration{10, 30, 60, 120, 300, 600, 1800, 1800, 1800}
		for i, seconds := range want {
			// A fifth more or less, and then up to 5 s until the queue is looked at.
			low, high := seconds*800*time.Millisecond, seconds*1200*time.Millisecond+5*time.Second
			if wait := times[i+1] - times[i]; wait < low || wait > high {
				t.Errorf("wait %d is %v, want %v to %v", i+1, wait, low, high)
			}
		}
		if last := times[len(times)-1]; last < 71*time.Hour || last > 72*time.Hour {
			t.Errorf("last attempt after %v", last)
		}
		left, _, dropped := q.state()
		if diff := gocmp.Diff([]string{"a: not sent for three days"}, dropped); diff != "" || left != 0 {
			t.Errorf("%d left, %s", left, diff)
		}
		if n := strings.Count(log, "mail dropped"); n != 1 {
			t.Errorf("%d lines tell of the drop", n)
		}
		if !strings.Contains(log, `msg="mail deferred" kind=reset job=a attempt=2 took=0s cause="451 no room for [address], see [link]"`) {
			t.Errorf("log:\n%s", log[:1000])
		}
	})
}

func TestWorkerGivesUp(t *testing.T) {
	t.Parallel()
	refusal := &mail.PermanentError{Err: errors.New("550 unknown")}
	tests := map[string]struct {
		spoil    func(*mail.Job)
		attempts int
		dropped  string
	}{
		"refused for good":   {func(*mail.Job) {}, 3, "a: 550 unknown"},
		"expired":            {func(j *mail.Job) { j.Expires = time.Now().Add(-time.Second) }, 0, "a: expired"},
		"expires meanwhile":  {func(j *mail.Job) { j.Expires = time.Now().Add(5 * time.Second) }, 1, "a: expired"},
		"too old":            {func(j *mail.Job) { j.Message.Created = time.Now().Add(-73 * time.Hour) }, 0, "a: not sent for three days"},
		"cannot be composed": {func(j *mail.Job) { j.Message.Kind = "newsletter" }, 0, "a: mail: kind: unknown"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q, s := &memory{}, newSink(func(context.Context, *mail.Letter) error { return fmt.Errorf("sink: %w", refusal) })
				j := job("a")
				test.spoil(&j)
				q.add(j)
				_, stop := run(t, q, s)
				time.Sleep(5 * time.Minute)
				log := stop()
				letters, _ := s.seen()
				left, done, dropped := q.state()
				want := []string{strings.Replace(test.dropped, "550", "sink: 550", 1)}
				if diff := gocmp.Diff(want, dropped); diff != "" || len(letters) != test.attempts || left != 0 || len(done) != 0 {
					t.Errorf("%d attempts, %d left, done %v, %s", len(letters), left, done, diff)
				}
				if n := strings.Count(log, "mail dropped"); n != 1 {
					t.Errorf("%d lines tell of the drop:\n%s", n, log)
				}
			})
		})
	}
}

func TestWorkerParallel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// Three mails hang for 30 s each: the fourth place goes on with the others.
		q := &memory{}
		s := newSink(func(_ context.Context, l *mail.Letter) error {
			if strings.HasPrefix(l.ID, "hang") {
				time.Sleep(30 * time.Second)
				return errors.New("timeout")
			}
			time.Sleep(time.Second)
			return nil
		})
		for i := range 3 {
			q.add(job(fmt.Sprintf("hang-%d", i)))
		}
		time.Sleep(time.Millisecond)
		for i := range 10 {
			q.add(job(fmt.Sprintf("quick-%d", i)))
		}
		_, stop := run(t, q, s)
		if letters, _ := s.seen(); len(letters) != 4 {
			t.Errorf("%d at once", len(letters))
		}
		time.Sleep(11 * time.Second)
		if _, done, _ := q.state(); len(done) != 10 {
			t.Errorf("done: %v", done)
		}
		stop()
		if letters, _ := s.seen(); len(letters) != 13 {
			t.Errorf("%d sent for 13 jobs", len(letters))
		}
	})
}

func TestWorkerPanic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := &memory{}
		s := newSink(func(_ context.Context, l *mail.Letter) error {
			switch l.ID {
			case "a":
				panic("cannot send to " + l.To + " the link " + link)
			case "b":
				_ = strings.Fields(l.Lang)[1]
			}
			return nil
		})
		for _, id := range []string{"a", "b", "c"} {
			q.add(job(id))
		}
		_, stop := run(t, q, s)
		left, done, _ := q.state()
		log := stop()
		if left != 2 || !slices.Equal(done, []string{"c"}) {
			t.Errorf("%d left, done %v", left, done)
		}
		for _, want := range []string{`cause="mail: sending panicked with string"`, "index out of range", "worker_test.go"} {
			if !strings.Contains(log, want) {
				t.Errorf("no %q in the log:\n%s", want, log)
			}
		}
	})
}

func TestWorkerCrashAfterSend(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, s := &memory{}, newSink(takes)
		q.add(job("a"))
		_, stop := run(t, &forgetful{q}, s)
		stop() // what it has sent was never recorded
		_, stop = run(t, q, s)
		stop()
		letters, _ := s.seen()
		if left, done, _ := q.state(); left != 0 || len(done) != 1 || len(letters) != 2 {
			t.Fatalf("%d left, done %v, %d sent", left, done, len(letters))
		}
		if diff := gocmp.Diff(letters[0], letters[1]); diff != "" {
			t.Errorf("the resend differs: %s", diff)
		}
	})
}

// forgetful is a queue whose process dies before anything is recorded.
type forgetful struct{ *memory }

func (q *forgetful) Done(mail.Job) error { return errors.New("dead") }

func TestWorkerStoreTrouble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := &memory{}
		s := newSink(func(context.Context, *mail.Letter) error { q.fail(errors.New("disk full")); return nil })
		q.add(job("a"))
		w, stop := run(t, q, s)
		for range 100 { // the store cannot write, nor read: not a second letter may go out
			w.Wake()
			time.Sleep(time.Second)
		}
		q.fail(nil)
		time.Sleep(time.Minute)
		log := stop()
		letters, _ := s.seen()
		if left, done, _ := q.state(); left != 0 || len(done) != 1 || len(letters) != 1 {
			t.Errorf("%d left, done %v, %d sent", left, done, len(letters))
		}
		if strings.Count(log, "cannot be written") != 1 || strings.Count(log, "cannot be read") != 1 {
			t.Errorf("log:\n%s", log)
		}
	})
}

func TestWorkerShutdown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := &memory{}
		finish := errors.New("finished all the same")
		s := newSink(func(ctx context.Context, l *mail.Letter) error {
			<-ctx.Done()
			time.Sleep(time.Second)
			if l.ID == "b" {
				return nil
			}
			return finish
		})
		q.add(job("a"))
		q.add(job("b"))
		_, stop := run(t, q, s)
		begin := time.Now()
		stop()
		if time.Since(begin) != time.Second {
			t.Error("did not wait for what was on its way")
		}
		left, done, _ := q.state()
		if left != 1 || !slices.Equal(done, []string{"b"}) || q.waiting["a"].job.Attempts != 0 {
			t.Errorf("%d left, done %v, attempts %d", left, done, q.waiting["a"].job.Attempts)
		}
	})
}

func TestWorkerWithOutbox(t *testing.T) {
	t.Parallel()
	o, dir := newOutbox(t)
	q := &memory{}
	w := mail.NewWorker(q, o, sender, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); w.Run(ctx) }()
	defer func() { cancel(); <-ended }()
	j := job("job-1")
	j.Message.Created = time.Now()
	q.add(j)
	w.Wake()
	name := j.Message.Created.UTC().Format("20060102T150405.000Z") + "-job-1.eml"
	for begin := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		if names := fileNames(t, dir); slices.Contains(names, name) {
			return
		}
		if time.Since(begin) > time.Second {
			t.Fatal("not on disk within a second (CONTRACT 6)")
		}
	}
}
