package bench_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kunci/server/bench"
)

var ask = []byte("GET / HTTP/1.1\r\nHost: bench\r\n\r\n")

func loadOn(addr string, clients int, d time.Duration) bench.Load {
	return bench.Load{
		Target: bench.Target{Addr: addr, Host: "bench"}, Clients: clients, Duration: d, Expect: http.StatusOK,
		Next: func(int, int) []byte { return ask },
	}
}

func served(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

func TestClosedCountsExpectedAnswersAlone(t *testing.T) {
	t.Parallel()
	var n, fine, busy, odd atomic.Int64
	addr := served(t, func(w http.ResponseWriter, _ *http.Request) {
		switch n.Add(1) % 3 {
		case 0:
			odd.Add(1)
			w.WriteHeader(http.StatusInternalServerError)
		case 1:
			busy.Add(1)
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			fine.Add(1)
			_, _ = io.WriteString(w, "fine")
		}
	})
	var bodies atomic.Int64
	l := loadOn(addr, 4, 100*time.Millisecond)
	l.Body = func(_ int, body []byte) {
		if string(body) == "fine" {
			bodies.Add(1)
		}
	}
	got := l.Closed(t.Context())
	if got.Answers == 0 || int64(got.Answers) != fine.Load() || bodies.Load() != fine.Load() || got.Latency.Count() != got.Answers {
		t.Errorf("%d answers, %d bodies, %d latencies, want %d of each", got.Answers, bodies.Load(), got.Latency.Count(), fine.Load())
	}
	if int64(got.Errors["500"]) != odd.Load() || int64(got.Errors["503"]) != busy.Load() || int64(got.Faults()) != odd.Load()+busy.Load() {
		t.Errorf("errors %v, want %d of 500 and %d of 503", got.Errors, odd.Load(), busy.Load())
	}
	if rate := float64(fine.Load()) / got.Elapsed.Seconds(); got.Rate() != rate {
		t.Errorf("rate %f, want %f", got.Rate(), rate)
	}
}

// A client that is told to wait asks no more while it should.
func TestClosedHeedsRetryAfter(t *testing.T) {
	t.Parallel()
	addr := served(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	got := loadOn(addr, 3, 200*time.Millisecond).Closed(t.Context())
	if got.Answers != 0 || got.Errors["503"] != 3 {
		t.Errorf("%d answers, errors %v, want one refusal for each of 3 clients", got.Answers, got.Errors)
	}
}

func TestClosedEndsWithItsRequests(t *testing.T) {
	t.Parallel()
	addr := served(t, func(http.ResponseWriter, *http.Request) {})
	l := loadOn(addr, 2, time.Minute)
	l.Next = func(_, n int) []byte {
		if n == 5 {
			return nil
		}
		return ask
	}
	if got := l.Closed(t.Context()); got.Answers != 10 || got.Faults() != 0 || got.Elapsed > 30*time.Second {
		t.Errorf("%d answers, errors %v after %s, want 10", got.Answers, got.Errors, got.Elapsed)
	}
}

// raw answers every connection's first request with given bytes, and closes it.
func raw(t *testing.T, answer string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
					_, _ = io.WriteString(c, answer)
				}
			}()
		}
	}()
	return l.Addr().String()
}

func TestOddAnswersAreErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ answer, want string }{
		"closed without a word": {"", "closed"},
		"cut off in the head":   {"HTTP/1.1 200 OK\r\nContent-Le", "closed"},
		"cut off in the body":   {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour", "closed"},
		"another protocol":      {"220 mail ready\r\n", "garbage"},
		"an older protocol":     {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "garbage"},
		"no status":             {"HTTP/1.1 fine\r\nContent-Length: 0\r\n\r\n", "garbage"},
		"a long status":         {"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n", "garbage"},
		"no length":             {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "garbage"},
		"a length below zero":   {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "garbage"},
		"a length beyond all":   {"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", "garbage"},
		"no header":             {"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", "garbage"},
		"an endless line":       {"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 1<<16), "garbage"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := loadOn(raw(t, c.answer), 1, 20*time.Millisecond).Closed(t.Context())
			if got.Answers != 0 || got.Errors[c.want] == 0 || got.Errors[c.want] != got.Faults() {
				t.Errorf("%d answers, errors %v, want only %q", got.Answers, got.Errors, c.want)
			}
		})
	}
}

// An answer that ends its connection is an answer, and the next request goes
// over another connection.
func TestConnectionCloseIsNoError(t *testing.T) {
	t.Parallel()
	addr := raw(t, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
	l := loadOn(addr, 1, time.Minute)
	l.Next = func(_, n int) []byte {
		if n == 3 {
			return nil
		}
		return ask
	}
	if got := l.Closed(t.Context()); got.Answers != 3 || got.Faults() != 0 {
		t.Errorf("%d answers, errors %v, want 3", got.Answers, got.Errors)
	}
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	got := loadOn(addr, 2, 50*time.Millisecond).Closed(t.Context())
	if got.Answers != 0 || got.Errors["connect"] < 2 || got.Faults() > 50 {
		t.Errorf("%d answers, errors %v, want refused connections, and not in a tight loop", got.Answers, got.Errors)
	}
}

// A server that serves one request in 10 ms falls behind requests that are due
// every 2 ms. A closed loop would see 10 ms each; the open loop sees the queue.
func TestOpenCountsFromWhenRequestsAreDue(t *testing.T) {
	t.Parallel()
	const serves = 10 * time.Millisecond
	addr := served(t, func(http.ResponseWriter, *http.Request) { time.Sleep(serves) })
	got := loadOn(addr, 1, 100*time.Millisecond).Open(t.Context(), 500)
	if asked := got.Answers + got.Faults(); asked != 50 || got.Answers < 5 {
		t.Fatalf("%d answers, errors %v, want 50 in all", got.Answers, got.Errors)
	}
	// The last that was served came about when the load should have ended at the
	// latest: four fifths of the time before it were spent waiting.
	if late := got.Latency.Quantile(1); late < 5*serves {
		t.Errorf("the longest latency is %s, as if requests had waited for one another without being late", late)
	}
	if got.Errors["not sent"] != got.Faults() {
		t.Errorf("errors %v, want only requests that could not be sent in time", got.Errors)
	}
}

func TestOpenKeepsItsRate(t *testing.T) {
	t.Parallel()
	addr := served(t, func(http.ResponseWriter, *http.Request) {})
	got := loadOn(addr, 8, 200*time.Millisecond).Open(t.Context(), 200)
	if got.Answers != 40 || got.Faults() != 0 {
		t.Errorf("%d answers, errors %v, want 40", got.Answers, got.Errors)
	}
	if got.Elapsed < 190*time.Millisecond {
		t.Errorf("40 requests at 200 a second took %s: they were sent before they were due", got.Elapsed)
	}
}

func TestLoadEndsWithItsContext(t *testing.T) {
	t.Parallel()
	addr := served(t, func(http.ResponseWriter, *http.Request) {})
	for name, run := range map[string]func(context.Context, bench.Load) *bench.Tally{
		"closed": func(ctx context.Context, l bench.Load) *bench.Tally { return l.Closed(ctx) },
		"open":   func(ctx context.Context, l bench.Load) *bench.Tally { return l.Open(ctx, 100) },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if got := run(ctx, loadOn(addr, 2, time.Hour)); got.Elapsed > 30*time.Second {
			t.Errorf("%s: it went on for %s", name, got.Elapsed)
		}
		cancel()
	}
}
