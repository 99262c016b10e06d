package metrics_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"kunci/server/metrics"
)

// served is a listener that answers until the test ends.
func served(t *testing.T) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- metrics.New("v1", "go1").Serve(ctx, l, slog.New(slog.DiscardHandler)) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("it ended with %v", err)
			}
		case <-time.After(5 * time.Second):
			t.Error("it goes on after its end")
		}
	})
	return l.Addr().String()
}

// Only a plain GET of /metrics by a loopback name is answered; a page in a
// browser, also one whose own name leads to this machine, gets nothing.
func TestWhoIsAnswered(t *testing.T) {
	t.Parallel()
	at := served(t)
	_, port, _ := net.SplitHostPort(at)
	for name, test := range map[string]struct {
		method, path, host string
		header             [2]string
		want               int
	}{
		"as it is":       {"GET", "/metrics", at, [2]string{}, 200},
		"localhost":      {"GET", "/metrics", "localhost:" + port, [2]string{}, 200},
		"IPv6":           {"GET", "/metrics", "[::1]:" + port, [2]string{}, 200},
		"without a port": {"GET", "/metrics", "127.0.0.1", [2]string{}, 200},
		"HEAD":           {"HEAD", "/metrics", at, [2]string{}, 200},
		"typed in":       {"GET", "/metrics", at, [2]string{"Sec-Fetch-Site", "none"}, 200},
		"a query":        {"GET", "/metrics?a=b", at, [2]string{}, 200},
		"an origin":      {"GET", "/metrics", at, [2]string{"Origin", "http://" + at}, 403},
		"a null origin":  {"GET", "/metrics", at, [2]string{"Origin", "null"}, 403},
		"an empty one":   {"GET", "/metrics", at, [2]string{"Origin", ""}, 403},
		"a page":         {"GET", "/metrics", at, [2]string{"Sec-Fetch-Site", "cross-site"}, 403},
		"its own page":   {"GET", "/metrics", at, [2]string{"Sec-Fetch-Site", "same-origin"}, 403},
		"rebound":        {"GET", "/metrics", "evil.example:" + port, [2]string{}, 421},
		"much alike":     {"GET", "/metrics", "127.0.0.1.evil.example", [2]string{}, 421},
		"no address":     {"GET", "/metrics", "0.0.0.0:" + port, [2]string{}, 421},
		"of the network": {"GET", "/metrics", "192.0.2.1:" + port, [2]string{}, 421},
		"elsewhere":      {"GET", "/", at, [2]string{}, 404},
		"deeper":         {"GET", "/metrics/", at, [2]string{}, 404},
		"a way around":   {"GET", "/x/../metrics", at, [2]string{}, 404},
		"POST":           {"POST", "/metrics", at, [2]string{}, 405},
		"preflight":      {"OPTIONS", "/metrics", at, [2]string{"Origin", "http://a.example"}, 403},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := http.NewRequest(test.method, "http://"+at, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.URL.Path, r.URL.RawQuery, _ = strings.Cut(test.path, "?")
			r.Host = test.host
			if test.header[0] != "" {
				r.Header[test.header[0]] = []string{test.header[1]}
			}
			got, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = got.Body.Close() }()
			body, err := io.ReadAll(got.Body)
			if err != nil || got.StatusCode != test.want {
				t.Fatalf("%d, want %d: %s %v", got.StatusCode, test.want, body, err)
			}
			told := strings.Contains(string(body), "kunci_")
			if told != (test.want == 200 && test.method == "GET") || got.Header.Get("Access-Control-Allow-Origin") != "" || got.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%v\n%.200s", got.Header, body)
			}
			if got.StatusCode == 200 && got.Header.Get("Content-Type") != "text/plain; version=0.0.4; charset=utf-8" {
				t.Errorf("content type %q", got.Header.Get("Content-Type"))
			}
		})
	}
}

// Who connects and says nothing is cut off.
func TestSilence(t *testing.T) {
	t.Parallel()
	c, err := net.Dial("tcp", served(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := io.WriteString(c, "GET /metrics HTTP/1.1\r\nHost: "); err != nil {
		t.Fatal(err)
	}
	if err := c.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(c); err != nil {
		t.Errorf("after 5 s: %v", err)
	}
}
