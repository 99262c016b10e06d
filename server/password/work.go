package password

import (
	"errors"
	"io"
	"runtime"

	"github.com/fxamacker/cbor/v2"
)

// greeting is what Work says first: the other end is what it should be.
const greeting = "kunci hashes"

// reply is what is said of a task.
type reply struct {
	answer
	Err string `cbor:"err,omitempty"`
}

func (r reply) err() error {
	if r.Err == "" {
		return nil
	}
	return errors.New(r.Err)
}

// Work does the tasks of a Hasher that has hashes made Apart, until there are no
// more: it returns nil where in ends between two. The process should be there
// for nothing else: it is collected after each hash, so that the next one's
// memory is what the last one left.
func Work(in io.Reader, out io.Writer) error {
	tasks, replies := cbor.NewDecoder(in), cbor.NewEncoder(out)
	if err := replies.Encode(greeting); err != nil {
		return err
	}
	for {
		var t task
		switch err := tasks.Decode(&t); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := replies.Encode(replied(t.checked)); err != nil {
			return err
		}
		runtime.GC()
	}
}

// checked is do of a task that may not be what Hasher sends.
func (t task) checked() (answer, error) {
	if err := t.check(); err != nil {
		return answer{}, err
	}
	return t.do()
}

// replied does something in words that reach the other end. A panic becomes an
// error.
func replied(do func() (answer, error)) (r reply) {
	defer func() {
		if cause := recover(); cause != nil {
			r = reply{Err: panicked(cause).Error()}
		}
	}()
	a, err := do()
	if err != nil {
		return reply{Err: err.Error()}
	}
	return reply{answer: a}
}
