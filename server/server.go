package server

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/julienschmidt/httprouter"

	"kunci/mail"
	"kunci/server/auth"
	"kunci/server/dialect"
)

// Config is what a Server is made of.
type Config struct {
	Auth     *auth.Service
	Dialects dialect.Settings
	Log      *slog.Logger

	CORSOrigins      []string       // exact origins that browsers may call from
	TrustedProxies   []netip.Prefix // whose X-Forwarded-For counts
	IntrospectSecret string         // "": /introspect is not there

	TLS    *tls.Config // how to shake hands; nil: plain HTTP
	Probed func(error) // is told what each probe of the store found; nil: nobody is

	Parts []Part // of which /readyz tells besides the server's own

	// Observe is asked once for every route, by its pattern, "" for what matches
	// none, and gives what is told of each answer; nil: nobody is.
	Observe func(route string) func(status int, took time.Duration)

	Dev    bool               // any loopback origin may call; the front page names the demo accounts
	Demos  func() []auth.Demo // those that stand, asked at each view of the front page; nil: there are none
	Outbox *mail.Outbox       // shown at /outbox; nil: not there
}

// Server answers HTTP.
type Server struct {
	Config
	router *httprouter.Router
	api    map[string]bool // paths of dialects: those that browsers may call from elsewhere
	secret [32]byte        // SHA-256 of IntrospectSecret
	large  chan struct{}   // a place in its buffer is a large body that is being read
	ready  readiness
	astray func(status int, took time.Duration) // is told of what matches no route
	hinted hint
}

// Bounds of a connection (CONTRACT 4; OWASP ASVS 4, slow clients).
const (
	headerWithin = 10 * time.Second
	readWithin   = 20 * time.Second
	writeWithin  = 30 * time.Second
	idleWithin   = 2 * time.Minute
	maxHeader    = 8 << 10 // and 4 KiB, which net/http adds
	maxBody      = 64 << 10
	smallBody    = 4 << 10 // what no document's request exceeds
	largeBodies  = 128     // how many that are larger are read at once
	drainWithin  = 8 * time.Second

	// streams is how many requests one connection of HTTP/2 may have under way,
	// the least that RFC 9113 6.5.2 recommends. Whoever opens and resets more
	// than four times as many loses the connection.
	streams = 100
)

// New makes a Server.
func New(c Config) *Server {
	s := &Server{Config: c, router: httprouter.New(), api: map[string]bool{}, large: make(chan struct{}, largeBodies)}
	if s.Observe == nil {
		s.Observe = func(string) func(int, time.Duration) { return nil }
	}
	s.astray = s.Observe("")
	s.routes()
	return s
}

// Serve answers on a listener until ctx ends, then lets the requests under
// way finish, for at most 8 s.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	watch, stop := context.WithCancel(ctx)
	defer stop()
	go s.ready.watch(watch, s.Auth, s.Probed, s.Log)
	return s.serve(ctx, l, s, s.TLS)
}

// serve is Serve for either of a server's handlers, with the same bounds.
func (s *Server) serve(ctx context.Context, l net.Listener, answers http.Handler, shake *tls.Config) error {
	h := &http.Server{
		Handler:           answers,
		TLSConfig:         shake,
		ReadHeaderTimeout: headerWithin,
		ReadTimeout:       readWithin,
		WriteTimeout:      writeWithin,
		IdleTimeout:       idleWithin,
		MaxHeaderBytes:    maxHeader,
		// OPTIONS * is answered, and logged, like any other request.
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
		// Of HTTP/1 the deadlines above hold for a connection; here, where it
		// has many requests, they hold for each, and these for the connection.
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams:          streams,
			MaxReceiveBufferPerStream:     maxBody,
			MaxReceiveBufferPerConnection: 4 * maxBody,
			WriteByteTimeout:              writeWithin,
		},
	}
	watch, stop := context.WithCancel(ctx)
	defer stop()
	drained := make(chan error, 1)
	go func() {
		<-watch.Done()
		within, cancel := context.WithTimeout(context.Background(), drainWithin)
		defer cancel()
		err := h.Shutdown(within)
		if err != nil {
			err = errors.Join(err, h.Close())
		}
		drained <- err
	}()
	run := h.Serve
	if shake != nil {
		run = func(l net.Listener) error { return h.ServeTLS(l, "", "") }
	}
	if err := run(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-drained
}
