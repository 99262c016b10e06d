package bench

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Load is requests to one target.
type Load struct {
	Target   Target
	Clients  int // connections
	Duration time.Duration
	Expect   int // the one status that is an answer
	// Next renders a client's n-th request, from 0; nil where it has no more.
	Next func(client, n int) []byte
	// Body, where set, is shown every expected answer's body.
	Body func(client int, body []byte)
}

// worker is one client at work.
type worker struct {
	load   *Load
	client int
	conn   *Conn
	tally  Tally
	pause  time.Duration // what the last answer asked for
}

// Closed asks in a closed loop: every client waits for its answer and asks
// again. A client that is told Retry-After waits so long, as real ones do.
// What is under way when the time is up is waited for, and its time counted.
func (l Load) Closed(ctx context.Context) *Tally {
	return l.run(ctx, func(ctx context.Context, w *worker, begin time.Time) {
		end := begin.Add(l.Duration)
		for n := 0; ; n++ {
			request := l.Next(w.client, n)
			if request == nil || !wait(ctx, w.pause, end) {
				return
			}
			w.do(ctx, request, time.Now())
		}
	})
}

// wait pauses and says whether there is time left afterwards.
func wait(ctx context.Context, pause time.Duration, end time.Time) bool {
	if pause > 0 && time.Now().Add(pause).Before(end) {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
		pause = 0
	}
	return ctx.Err() == nil && time.Now().Add(pause).Before(end)
}

// Open asks in an open loop: request k is due at k/rate after the begin,
// whether or not those before were answered. Latency counts from when a request
// was due, so one that waits for a free connection is seen to have waited.
// Requests still waiting one further Duration after the end are errors.
func (l Load) Open(ctx context.Context, rate int) *Tally {
	count := max(1, int(float64(rate)*l.Duration.Seconds()))
	due := make(chan time.Duration, count) // holds all, so that a slow server never slows the clock
	var ring sync.Once
	var numbers atomic.Int64
	return l.run(ctx, func(ctx context.Context, w *worker, begin time.Time) {
		ring.Do(func() { go schedule(ctx, begin, rate, count, due) })
		late := begin.Add(2 * l.Duration)
		for at := range due {
			n := int(numbers.Add(1) - 1)
			if ctx.Err() != nil || time.Now().After(late) {
				w.tally.fault("not sent")
				continue
			}
			w.do(ctx, l.Next(w.client, n), begin.Add(at))
		}
	})
}

// schedule hands out when each request is due, at that time.
func schedule(ctx context.Context, begin time.Time, rate, count int, due chan<- time.Duration) {
	defer close(due)
	for k := range count {
		at := time.Duration(float64(k) / float64(rate) * float64(time.Second))
		sleepUntil(begin.Add(at))
		if ctx.Err() != nil {
			return
		}
		due <- at
	}
}

// run connects every client, starts them together and joins their tallies.
func (l Load) run(ctx context.Context, ask func(context.Context, *worker, time.Time)) *Tally {
	workers := make([]*worker, l.Clients)
	var ready, done sync.WaitGroup
	var begin time.Time
	start := make(chan struct{})
	for i := range workers {
		w := &worker{load: &l, client: i}
		workers[i] = w
		ready.Add(1)
		done.Go(func() {
			var err error
			w.conn, err = Dial(ctx, l.Target)
			ready.Done()
			<-start
			if err != nil {
				w.tally.fault(faultName(err))
			}
			defer w.conn.Close()
			ask(ctx, w, begin)
		})
	}
	ready.Wait()
	begin = time.Now()
	close(start)
	done.Wait()
	all := &Tally{Elapsed: time.Since(begin)}
	for _, w := range workers {
		all.join(&w.tally)
	}
	return all
}

// unreachedPause keeps a client whose server has gone from spinning.
const unreachedPause = 10 * time.Millisecond

func (w *worker) do(ctx context.Context, request []byte, from time.Time) {
	w.pause = 0
	a, err := w.conn.Do(ctx, request)
	switch {
	case err != nil:
		w.tally.fault(faultName(err))
		if errors.Is(err, errConnect) {
			w.pause = unreachedPause
		}
	case a.Status != w.load.Expect:
		w.tally.fault(strconv.Itoa(a.Status))
		w.pause = a.RetryAfter
	default:
		w.tally.Answers++
		w.tally.Latency.Add(time.Since(from))
		if w.load.Body != nil {
			w.load.Body(w.client, a.Body)
		}
	}
}

// errSpent ends one worker of acts that has no more to do.
var errSpent = errors.New("bench: no more to do")

// acts does something of this process in a closed loop: a yardstick.
func acts(ctx context.Context, workers int, d time.Duration, act func(worker, n int) error) *Tally {
	tallies := make([]Tally, workers)
	begin := time.Now()
	var done sync.WaitGroup
	for i := range tallies {
		done.Go(func() {
			t := &tallies[i]
			for n := 0; ctx.Err() == nil && time.Since(begin) < d; n++ {
				from := time.Now()
				if err := act(i, n); errors.Is(err, errSpent) {
					return
				} else if err != nil {
					t.fault("failed")
					return
				}
				t.Answers++
				t.Latency.Add(time.Since(from))
			}
		})
	}
	done.Wait()
	all := &Tally{Elapsed: time.Since(begin)}
	for i := range tallies {
		all.join(&tallies[i])
	}
	return all
}
