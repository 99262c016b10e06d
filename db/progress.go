package db

import (
	"errors"
	"sync/atomic"
)

// Progress is how far a check has come: first through the pages of the file, then
// through what they hold. It is written while the check goes on, and read by
// whoever shows it.
type Progress struct {
	Pages, Of atomic.Int64 // read so far, and all there are; 0 where the engine has none
	Records   atomic.Int64 // keys looked at; some are looked at more than once

	stopped atomic.Bool
}

// ErrStopped says that a check was stopped.
var ErrStopped = errors.New("db: the check was stopped")

// Stop ends the check before long. What it found says nothing then.
func (p *Progress) Stop() { p.stopped.Store(true) }

// Stopped is ErrStopped once the check is to end.
func (p *Progress) Stopped() error {
	if p.stopped.Load() {
		return ErrStopped
	}
	return nil
}

// paced is a Reader that notes what is scanned, and scans no more once the check
// is stopped.
type paced struct {
	Reader
	progress *Progress
}

// Scan implements Reader.
func (p paced) Scan(s Space, from, to []byte, fn func(key, value []byte) bool) {
	p.Reader.Scan(s, from, to, func(key, value []byte) bool {
		if p.progress.Stopped() != nil {
			return false
		}
		p.progress.Records.Add(1)
		return fn(key, value)
	})
}
