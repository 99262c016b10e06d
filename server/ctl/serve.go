package ctl

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"
)

// Bounds of a connection. There is none for writing: the list of accounts may
// be read by a person.
const (
	headerWithin = 10 * time.Second
	readWithin   = 20 * time.Second
	idleWithin   = 2 * time.Minute
	maxHeader    = 16 << 10
	drainWithin  = 8 * time.Second
)

// Serve answers on a listener of Listen until ctx ends, then lets the acts
// under way finish, for at most 8 s.
func Serve(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) error {
	s := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerWithin,
		ReadTimeout:       readWithin,
		IdleTimeout:       idleWithin,
		MaxHeaderBytes:    maxHeader,
		// OPTIONS * is refused, and logged, like any other request.
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(log.Handler(), slog.LevelError),
	}
	watch, stop := context.WithCancel(ctx)
	defer stop()
	drained := make(chan error, 1)
	go func() {
		<-watch.Done()
		within, cancel := context.WithTimeout(context.Background(), drainWithin)
		defer cancel()
		err := s.Shutdown(within)
		if err != nil {
			err = errors.Join(err, s.Close())
		}
		drained <- err
	}()
	if err := s.Serve(&guarded{l, log}); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-drained
}

// guarded closes connections of those who may not speak to us.
type guarded struct {
	net.Listener
	log *slog.Logger
}

// Accept implements net.Listener.
func (g *guarded) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		uid, err := stranger(conn)
		if err == nil {
			return conn, nil
		}
		_ = conn.Close()
		g.log.Warn("a connection to the admin socket was refused", "user", uid, "cause", err.Error())
	}
}

// errStranger says that the other end is somebody else's.
var errStranger = errors.New("it is neither this process's user nor root")

// stranger refuses a connection with anybody but this process's user and root.
func stranger(conn net.Conn) (uid int, err error) {
	local, ok := conn.(*net.UnixConn)
	if !ok {
		return -1, errors.New("it is no unix socket")
	}
	uid, known, err := peerUser(local)
	switch {
	case err != nil:
		return -1, err
	case known && uid != os.Geteuid() && uid != 0:
		return uid, errStranger
	}
	return uid, nil
}
