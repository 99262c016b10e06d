package cli

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"kunci/server/systemd"
)

// answeredWithin is how old the last answer of the store may be for the server
// to count as alive: two turns of the probe, each as long as it may take.
const answeredWithin = 20 * time.Second

// manager tells the service manager how the server is. It counts as alive
// while the store answers, be it that it can't write: a full disk is not mended
// by a restart, what hangs may be.
type manager struct {
	notifier *systemd.Notifier // nil: nobody is told
	answered atomic.Int64      // when the store did last, in Unix nanoseconds
	mu       sync.Mutex
	status   string // the last one, "" before the server was ready
	mute     bool   // the log knows that nobody can be told
}

const (
	serving  = "serving"
	impaired = "serving, but the store does not read and write: see the log"
)

// probed is told of each probe: the first answer means that the server serves.
func (m *manager) probed(log *slog.Logger) func(error) {
	return func(err error) {
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return
		}
		m.answered.Store(time.Now().UnixNano())
		status := serving
		if err != nil {
			status = impaired
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		switch before := m.status; {
		case before == "":
			m.say(log, m.notifier.Ready(status))
		case before != status:
			m.say(log, m.notifier.Status(status))
		}
		m.status = status
	}
}

// live gives signs of life until ctx ends.
func (m *manager) live(ctx context.Context, log *slog.Logger) {
	every := m.notifier.Every()
	if every == 0 {
		return
	}
	for tick := time.NewTicker(every); ; {
		if time.Since(time.Unix(0, m.answered.Load())) < answeredWithin {
			m.mu.Lock()
			m.say(log, m.notifier.Watchdog())
			m.mu.Unlock()
		}
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
		}
	}
}

// reloading tells of a reload, and of its end; before the server was ready it
// tells nothing, since the end would say that it is. Signs of life go on
// meanwhile: a file can be on a disk that hangs.
func (m *manager) reloading(log *slog.Logger, reload func()) {
	m.mu.Lock()
	was := m.status
	if was != "" {
		m.say(log, m.notifier.Reloading())
	}
	m.mu.Unlock()
	reload()
	m.mu.Lock()
	defer m.mu.Unlock()
	if was != "" {
		m.say(log, m.notifier.Ready(m.status))
	}
}

func (m *manager) stopping(log *slog.Logger) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.say(log, m.notifier.Stopping())
}

// say tells the log, once, that the service manager can't be told.
func (m *manager) say(log *slog.Logger, err error) {
	if err != nil && !m.mute {
		log.Warn("the service manager can't be told how the server is", "cause", err.Error())
	}
	m.mute = err != nil
}
