package cli

import (
	"sync"
	"time"

	"kunci/server"
)

// backupRecord is how the scheduled backups of a running server have gone.
type backupRecord struct {
	tell func(outcome string) // of each; set before the first

	mu      sync.Mutex
	last    time.Time // when the newest that stands was begun
	failing bool      // the latest try failed
}

// The outcomes of a scheduled backup.
const (
	backupMade   = "ok"
	backupFailed = "failed"
)

// begin notes what an earlier server has left.
func (r *backupRecord) begin(s schedule) {
	last := s.last()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = last
}

func (r *backupRecord) made(at time.Time) { r.note(backupMade, at) }
func (r *backupRecord) failed()           { r.note(backupFailed, time.Time{}) }

func (r *backupRecord) note(outcome string, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failing = outcome == backupFailed; !r.failing {
		r.last = at
	}
	r.tell(outcome)
}

// newest is when the newest backup was begun, in seconds since 1970, 0 for none.
func (r *backupRecord) newest() float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last.IsZero() {
		return 0
	}
	return float64(r.last.Unix())
}

func (r *backupRecord) state() server.State {
	r.mu.Lock()
	defer r.mu.Unlock()
	return server.StateOf(!r.failing)
}
