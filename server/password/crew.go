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

// ErrKilled is wrapped by what Close of a Starter's process returns where the
// system has killed it, as it does when memory is short.
var ErrKilled = errors.New("killed")

// errEnded says that whatever was started for a task ended amid it.
var errEnded = errors.New("password: no hash, since what makes them ends")

// Trouble is told of what goes wrong with what Starter starts; each function must
// be there, and return at once.
type Trouble struct {
	Here  func(error) // none could be started: hashes are made in this process for a while
	Ended func(error) // one ended that should not have
}

// crew are the hands that hash, as many as are needed at once, which the gate
// bounds. A nil crew is this process itself.
type crew struct {
	start Starter
	tell  Trouble

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
// this process. Call Apart before the first hash, and Close after the last.
func (h *Hasher) Apart(start Starter, tell Trouble) {
	h.crew = &crew{start: start, tell: tell}
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
			h, err = c.hire()
		}
		if err != nil && !errors.Is(err, ErrKilled) {
			c.pause()
			c.tell.Here(fmt.Errorf("password: no process for hashes: %w", err))
			return t.do()
		}
		var r reply
		if err == nil {
			r, err = h.do(t)
		}
		if err == nil {
			c.release(h)
			return r.answer, r.err()
		}
		c.tell.Ended(fmt.Errorf("password: a process for hashes ended: %w", err))
		h = nil
	}
	return answer{}, errEnded
}

// pause has nothing started for a while.
func (c *crew) pause() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next = time.Now().Add(startsIn)
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
