package bench_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"testing"

	"kunci/server/bench"
)

// FuzzAnswer holds what the client takes for an answer to what net/http takes
// for one.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
		"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
		"HTTP/1.1 200 OK\nContent-Length: 1\n\nx",
		"HTTP/1.1 200\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok",
	} {
		f.Add([]byte(seed))
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = l.Close() })
	answers := make(chan []byte, 1)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = http.ReadRequest(bufio.NewReader(c))
			_, _ = c.Write(<-answers)
			_ = c.Close()
		}
	}()
	target := bench.Target{Addr: l.Addr().String(), Host: "bench"}
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := bench.Dial(t.Context(), target)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		answers <- raw
		got, err := c.Do(t.Context(), ask)
		if err != nil {
			return
		}
		want, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(raw)), nil)
		if err != nil || len(want.TransferEncoding) > 0 || want.ContentLength < 0 {
			return // net/http is stricter about headers that the client passes over
		}
		body, err := io.ReadAll(want.Body)
		if err == nil && (got.Status != want.StatusCode || !bytes.Equal(got.Body, body)) && want.StatusCode != 204 && want.StatusCode != 304 {
			t.Errorf("%d %q, net/http reads %d %q", got.Status, got.Body, want.StatusCode, body)
		}
	})
}
