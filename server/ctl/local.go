package ctl

import (
	"io"
	"log/slog"
	"net/http"
	"sync"

	"kunci/server/auth"
)

// Local has acts done in this process, over data that it has open, by the same
// handlers that a server answers with.
func Local(o auth.Operator, version string) *Client {
	t := &local{handler: Handler(o, version, slog.New(slog.DiscardHandler))}
	return &Client{http: http.Client{Transport: t}, version: version, close: t.under.Wait}
}

// local is a way to a handler without a connection.
type local struct {
	handler http.Handler
	under   sync.WaitGroup // handlers that have not come to their end
}

// RoundTrip implements http.RoundTripper. It does not return before the
// handler has begun to answer, even where the request's context ends: an act
// is not left half done by its own process.
func (l *local) RoundTrip(r *http.Request) (*http.Response, error) {
	body, w := io.Pipe()
	a := &localAnswer{body: w, header: http.Header{}, begun: make(chan struct{})}
	l.under.Go(func() {
		l.handler.ServeHTTP(a, r)
		a.WriteHeader(http.StatusOK)
		_ = w.Close() // it never fails
	})
	<-a.begun
	return &http.Response{
		StatusCode: a.status, Header: a.header, Body: body, ContentLength: -1, Request: r,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}, nil
}

// localAnswer is a ResponseWriter whose body is read while it is written.
type localAnswer struct {
	body   *io.PipeWriter
	header http.Header
	status int // 0: not begun
	begun  chan struct{}
}

// Header implements http.ResponseWriter.
func (a *localAnswer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter.
func (a *localAnswer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
		close(a.begun)
	}
}

// Write implements http.ResponseWriter.
func (a *localAnswer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}
