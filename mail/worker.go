package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"time"
)

const (
	parallel     = 4               // letters on their way at once
	pollInterval = 5 * time.Second // for retries, and should a Wake ever be missed
	maxAge       = 72 * time.Hour  // whatever could not be sent by then is no news any more
	maxPermanent = 3               // attempts before a permanent refusal is believed
)

// backoff is the wait after the first, second, … failed attempt; the last one goes on.
var backoff = []time.Duration{
	10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute,
}

// Worker sends what waits in a queue (CONTRACT 6).
//
// Every job is sent at least once: a crash between the sending and Queue.Done sends it again, with
// the same Message-ID, so that receivers and an outbox can tell. A failed attempt is repeated after
// 10 s, 30 s, 1, 2, 5, 10 and then every 30 minutes, each ±20 %, until the job expires or is three
// days old. A [*PermanentError] is believed the third time: servers do refuse for good what they
// take a minute later, while more tries at an address that does not exist would spoil our name.
type Worker struct {
	queue  Queue
	sender Sender
	from   string
	log    *slog.Logger
	wake   chan struct{}

	observer func(Outcome)
	health   health
}

// NewWorker returns a worker that sends what waits in q through s, from the address given, with or
// without display name. It does nothing before Run.
func NewWorker(q Queue, s Sender, from string, log *slog.Logger) *Worker {
	return &Worker{queue: q, sender: s, from: from, log: log, wake: make(chan struct{}, 1), observer: func(Outcome) {}}
}

// Wake makes the worker look into the queue now. It never blocks; call it after the commit that
// has queued a message.
func (w *Worker) Wake() {
	select {
	case w.wake <- struct{}{}:
	default: // it is about to look anyway
	}
}

// Run sends until ctx ends and what is on its way has come to an end. A letter that the end of ctx
// interrupts stays in the queue as it was. Only one Run may be active for a queue.
func (w *Worker) Run(ctx context.Context) {
	busy := make(map[string]bool) // ids of the jobs on their way
	finished := make(chan string, parallel)
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	for ctx.Err() == nil {
		// A job leaves busy only by the receive below, never between Due and the look at busy: what
		// Due has read just before it was settled is still known, and not sent a second time.
		err := w.start(ctx, busy, finished)
		if before := w.readable(err == nil); err != nil && before {
			w.log.Error("mail queue cannot be read", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-w.wake:
		case <-poll.C:
		case id := <-finished:
			delete(busy, id)
		}
	}
	for range len(busy) {
		<-finished
	}
}

// start sends off due jobs while there is room.
func (w *Worker) start(ctx context.Context, busy map[string]bool, finished chan<- string) error {
	if len(busy) == parallel {
		return nil
	}
	// Those on their way are due as well: with as many as may be on their way, there is one for each free place.
	jobs, err := w.queue.Due(time.Now(), parallel)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		if busy[j.ID] || len(busy) == parallel {
			continue
		}
		busy[j.ID] = true
		go func() {
			defer func() { finished <- j.ID }()
			w.attempt(ctx, j)
		}()
	}
	if len(busy) > 0 || !w.failed() {
		return nil
	}
	// None waits longer for its next attempt than it may last at all.
	if jobs, err = w.queue.Due(time.Now().Add(maxAge), parallel); err == nil && len(jobs) == 0 {
		w.emptied()
	}
	return err
}

// attempt tries to send one job once, and records in the queue and in the log how it went.
func (w *Worker) attempt(ctx context.Context, j Job) {
	begin := time.Now()
	line := w.log.With("kind", string(j.Message.Kind), "job", j.ID, "attempt", j.Attempts+1)
	if cause := overdue(j, begin); cause != "" {
		line.Error("mail dropped", "cause", cause)
		w.told(j.ID, Dropped, nil)
		w.settle(ctx, line, func() error { return w.queue.Drop(j, cause) })
		return
	}
	err := w.deliver(ctx, line, j.Message, j.ID)
	line = line.With("took", time.Since(begin))
	if err == nil {
		line.Info("mail sent")
		w.told(j.ID, Sent, nil)
		w.settle(ctx, line, func() error { return w.queue.Done(j) })
		return
	}
	if ctx.Err() != nil {
		line.Info("mail interrupted by shutdown")
		return
	}
	j.Attempts++
	cause := scrub(err.Error(), j.Message.To)
	var final *PermanentError
	if errors.As(err, &final) && j.Attempts >= maxPermanent {
		line.Error("mail dropped", "cause", cause)
		w.told(j.ID, Dropped, err)
		w.settle(ctx, line, func() error { return w.queue.Drop(j, cause) })
		return
	}
	wait := delay(j.Attempts)
	line.Warn("mail deferred", "cause", cause, "wait", wait)
	w.told(j.ID, Deferred, err)
	w.settle(ctx, line, func() error { return w.queue.Retry(j, time.Now().Add(wait), cause) })
}

// overdue says why a job is not worth sending any more, if it is not.
func overdue(j Job, now time.Time) string {
	switch {
	case !j.Expires.IsZero() && now.After(j.Expires):
		return "expired"
	case !j.Message.Created.IsZero() && now.Sub(j.Message.Created) > maxAge:
		return "not sent for three days"
	}
	return ""
}

// deliver composes and sends. A panic in there is an error like others: the mails behind it must not suffer.
func (w *Worker) deliver(ctx context.Context, line *slog.Logger, m Message, job string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			// What is thrown can hold the letter; a runtime error and the stack cannot.
			err = fmt.Errorf("mail: sending panicked with %T", p)
			if fault, ok := p.(runtime.Error); ok {
				err = fmt.Errorf("mail: sending panicked: %w", fault)
			}
			line.Error("mail sender panicked", "stack", string(debug.Stack()))
		}
	}()
	if m.ID == "" {
		m.ID = job
	}
	l, err := Compose(m, w.from)
	if err != nil {
		return err
	}
	return w.sender.Send(ctx, l)
}

// settle records how an attempt ended, and does not give up while the worker runs: a job that is
// sent but still in the queue would be sent again and again.
func (w *Worker) settle(ctx context.Context, line *slog.Logger, record func() error) {
	wait := time.Second
	for tries := 0; ; tries++ {
		err := record()
		if err == nil {
			return
		}
		if tries == 0 {
			line.Error("mail queue cannot be written", "error", err)
			w.unrecorded(1)
			defer w.unrecorded(-1)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		wait = min(2*wait, 30*time.Second)
	}
}

// delay is how long to wait after so many failed attempts, ±20 % so that jobs which failed together
// do not come back together.
func delay(attempts int) time.Duration {
	wait := backoff[min(max(attempts, 1), len(backoff))-1]
	return time.Duration(float64(wait) * (0.8 + 0.4*rand.Float64()))
}
