package password

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/fxamacker/cbor/v2"
)

const (
	restsFor  = 2 * time.Second  // without work, before a hand is sent home
	comesIn   = 10 * time.Second // at most, until a new one greets
	handTakes = 20 * time.Second // at most, for one task; the dearest hash takes two
	newTries  = 2                // hands that are started for one task
	startsIn  = time.Minute      // after a start that failed, before the next
)

// Starter starts what does one hash after the other, away from this process's
// memory and threads: on the other end, Work answers. Close ends it, whatever it
// does, and says how it ended.
type Starter func() (io.ReadWriteCloser, error)

// errEnded says that whatever was started for a task ended amid it.
var errEnded = errors.New("password: no hash, since what makes them ends")

// crew are the hands that hash, as many as are needed at once, which the gate
// bounds. A nil crew is this process itself.
type crew struct {
	start   Starter
	trouble func(error)

	mu      sync.Mutex
	resting []*hand
	closed  bool
	next    time.Time // before which none is started
}

// hand does one task at a time.
type hand struct {
	end   io.ReadWriteCloser
	tasks *cbor.Encoder
	said  *cbor.Decoder
	rest  *time.Timer // sends it home
}

// Apart has hashes made by what start starts, each for as long as there is work
// for it. Where none can be started, this process makes the hash, and those of the
// next minute: what is short then, threads, say, it needs itself. Where one ends
// amid its work, another begins again, and when that ends too, the caller is told
// to come again (*BusyError): what ended them, short memory, say, must not end
// this process. trouble is told of either. Call Apart before the first hash, and Close
// after the last.
func (h *Hasher) Apart(start Starter, trouble func(error)) {
	h.crew = &crew{start: start, trouble: trouble}
}

// Close ends what Apart had started.
func (h *Hasher) Close() {
	if h.crew == nil {
		return
	}
	h.crew.mu.Lock()
	hands := h.crew.resting
	h.crew.resting, h.crew.closed = nil, true
	h.crew.mu.Unlock()
	for _, one := range hands {
		one.rest.Stop()
		_ = one.end.Close()
	}
}

func (c *crew) do(t task) (answer, error) {
	if c == nil {
		return t.do()
	}
	h, here := c.rested()
	if here {
		return t.do()
	}
	tries := newTries
	if h != nil {
		tries++ // it may have ended since it began to rest
	}
	for range tries {
		var err error
		if h == nil {
			if h, err = c.hire(); err != nil {
				c.trouble(fmt.Errorf("password: no process for hashes, which are made in this one for %s: %w", startsIn, err))
				return t.do()
			}
		}
		r, err := h.do(t)
		if err == nil {
			c.release(h)
			return r.answer, r.err()
		}
		c.trouble(fmt.Errorf("password: a process ended amid a hash: %w", err))
		h = nil
	}
	return answer{}, errEnded
}

// rested takes the hand that worked last, nil where none is free: so the others
// go home the sooner. here says that none is to be started either.
func (c *crew) rested() (h *hand, here bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := len(c.resting) - 1
	if last < 0 {
		return nil, c.closed || time.Now().Before(c.next)
	}
	h = c.resting[last]
	c.resting = c.resting[:last]
	h.rest.Stop()
	return h, false
}

// hire starts a hand and waits until it says that it is there.
func (c *crew) hire() (h *hand, err error) {
	defer func() {
		if err != nil {
			c.mu.Lock()
			c.next = time.Now().Add(startsIn)
			c.mu.Unlock()
		}
	}()
	end, err := c.start()
	if err != nil {
		return nil, err
	}
	h = &hand{end: end, tasks: cbor.NewEncoder(end), said: cbor.NewDecoder(end)}
	return h, h.within(comesIn, func() error {
		var hello string
		if err := h.said.Decode(&hello); err != nil {
			return err
		}
		if hello != greeting {
			return errors.New("it is another program")
		}
		return nil
	})
}

// release lets a hand rest, and go home when nobody needs it for a while.
func (c *crew) release(h *hand) {
	c.mu.Lock()
	closed := c.closed
	if !closed {
		h.rest = time.AfterFunc(restsFor, func() { c.dismiss(h) })
		c.resting = append(c.resting, h)
	}
	c.mu.Unlock()
	if closed {
		_ = h.end.Close()
	}
}

// do has a hand do a task. An error is the hand's, whose end it is.
func (h *hand) do(t task) (r reply, err error) {
	err = h.within(handTakes, func() error {
		if err := h.tasks.Encode(t); err != nil {
			return err
		}
		return h.said.Decode(&r)
	})
	return r, err
}

// within does something that needs the hand, which ends where it fails or takes
// too long. The error says how it ended as well.
func (h *hand) within(d time.Duration, do func() error) error {
	late := time.AfterFunc(d, func() { _ = h.end.Close() })
	defer late.Stop()
	err := do()
	if err == nil {
		return nil
	}
	if end := h.end.Close(); end != nil {
		err = fmt.Errorf("%w: %w", err, end)
	}
	return err
}

// dismiss sends a hand home, unless it has been taken at the same moment.
func (c *crew) dismiss(h *hand) {
	c.mu.Lock()
	i := slices.Index(c.resting, h)
	if i >= 0 {
		c.resting = slices.Delete(c.resting, i, i+1)
	}
	c.mu.Unlock()
	if i >= 0 {
		_ = h.end.Close()
	}
}
