package password

import "time"

// Observer is told what happens at the gate, as it happens. Nothing about whose
// hash it is reaches it. Its functions must return at once; nil ones are not
// called.
type Observer struct {
	Waited  func(time.Duration) // a caller got a slot, after so long; 0 where one was free
	Hashed  func(time.Duration) // the work in a slot has ended, after so long
	Refused func()              // a caller got a *BusyError
}

// Observe has an observer told of every hash. Call it before the first.
func (h *Hasher) Observe(o Observer) {
	if o.Waited != nil {
		h.gate.tell.Waited = o.Waited
	}
	if o.Hashed != nil {
		h.gate.tell.Hashed = o.Hashed
	}
	if o.Refused != nil {
		h.gate.tell.Refused = o.Refused
	}
}

// nobody is the observer of a gate that has none.
func nobody() Observer {
	return Observer{Waited: func(time.Duration) {}, Hashed: func(time.Duration) {}, Refused: func() {}}
}

// Refused says when the gate last refused a caller for want of room, the zero
// time where it never has.
func (h *Hasher) Refused() time.Time {
	h.gate.mu.Lock()
	defer h.gate.mu.Unlock()
	return h.gate.refused
}
