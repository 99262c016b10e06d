package cli

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"kunci/server"
	"kunci/server/auth"
	"kunci/server/ctl"
)

// stopsWithin is how long the workers may take to stop, and then the data file
// to close, after the 8 s that requests under way have: 10 s in all.
const stopsWithin = time.Second

// answer serves callers on one listener and commands on the other until ctx
// ends, and lets the requests under way on both finish.
func answer(ctx context.Context, s *server.Server, l, commands net.Listener) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	drained := make(chan error, 1)
	go func() {
		o := auth.Operator{Service: s.Auth}
		err := ctl.Serve(ctx, commands, besideReadyz(s, ctl.Handler(o, build().Version, s.Log)), s.Log)
		if ctx.Err() == nil {
			s.Log.Error("commands can't reach this server any more", "cause", err.Error())
			err = nil
		}
		drained <- err
	}()
	err := s.Serve(ctx, l)
	stop()
	return errors.Join(err, <-drained)
}

// besideReadyz answers /readyz as the server does, and all else as commands are:
// the socket is there whatever the server listens on, by whichever certificate.
func besideReadyz(s *server.Server, commands http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != "/readyz" {
			commands.ServeHTTP(w, r)
			return
		}
		r.Host = "localhost" // --dev answers to no other
		s.ServeHTTP(w, r)
	})
}

// shut closes the data once the workers have stopped, but waits for neither
// for ever. A check of the data that was cut off goes on reading, and the file
// would wait for it; all that was written is on the disk.
func shut(d *data, workers *sync.WaitGroup, log *slog.Logger) error {
	if !within(stopsWithin, workers.Wait) {
		log.Warn("a worker did not stop in time")
	}
	var err error
	if !within(stopsWithin, func() { err = d.closeFiles() }) {
		log.Warn("the data file is still read from, and was left open")
		return nil
	}
	if err == nil {
		log.Info("stopped")
	}
	return err
}

// within does something, but does not wait for its end for ever; it says
// whether it has come.
func within(d time.Duration, do func()) bool {
	done := make(chan struct{})
	go func() { do(); close(done) }()
	select {
	case <-done:
		return true
	case <-time.After(d):
		return false
	}
}
