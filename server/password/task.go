package password

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/text/unicode/norm"
)

// task is something to hash, told in full: who does it, and in which process,
// makes no difference. Passwords and other systems' hashes are bytes, since they
// need not be UTF-8.
type task struct {
	Act      act    `cbor:"act"`
	Params   Params `cbor:"params"`           // of a new hash
	Stored   []byte `cbor:"stored,omitempty"` // to check against; none matches nothing
	Password []byte `cbor:"password,omitempty"`
}

type act byte

const (
	actHash   act = iota + 1 // Password becomes a new hash
	actWrap                  // Stored, a fast hash of another system, becomes a wrapped one
	actVerify                // Password is checked against Stored
)

// answer is what came of a task.
type answer struct {
	Stored string `cbor:"stored,omitempty"` // the new hash, or the wrapped one
	OK     bool   `cbor:"ok,omitempty"`
	Stale  bool   `cbor:"stale,omitempty"`
	Forms  int    `cbor:"forms,omitempty"`
}

// check is what do would refuse, found before anybody waits or works.
func (t task) check() (err error) {
	switch t.Act {
	case actWrap:
		_, err = readFast(string(t.Stored))
	case actVerify:
		_, err = t.against()
	}
	return cmp.Or(err, t.Params.bounds())
}

// do does the work of a task that passes check.
func (t task) do() (answer, error) {
	switch t.Act {
	case actHash:
		outer := newArgon2(t.Params)
		outer.tag = outer.derive(norm.NFC.Bytes(t.Password), newTagLen)
		return answer{Stored: outer.String()}, nil
	case actWrap:
		m, err := readFast(string(t.Stored))
		if err != nil {
			return answer{}, err
		}
		w := wrappedHash{m.recipe, newArgon2(t.Params)}
		w.outer.tag = w.outer.derive(m.want, newTagLen)
		return answer{Stored: w.String()}, nil
	case actVerify:
		return t.verify()
	}
	return answer{}, fmt.Errorf("password: no act %d", t.Act)
}

// verify tries the NFC form, then the form as typed. A decoy goes through the
// same forms: else a password that is not in NFC would take longer where there
// is an account.
func (t task) verify() (answer, error) {
	against, err := t.against()
	if err != nil {
		return answer{}, err
	}
	typed := string(t.Password)
	a, form := answer{Forms: 1}, norm.NFC.String(typed)
	if form != typed {
		a.Forms = 2
	}
	switch {
	case against.matches(form):
		a.OK, a.Stale = true, against.stale(t.Params)
	case a.Forms == 2 && again(against, typed):
		a.OK, a.Stale = true, true
	}
	return a, nil
}

// again is a second match in a row. It begins when the memory of the first is
// there for it: else whoever types such a password takes that twice.
func again(against record, password string) bool {
	runtime.GC()
	return against.matches(password)
}

func (t task) against() (record, error) {
	if len(t.Stored) == 0 {
		return newDecoy(t.Params), nil
	}
	return parse(string(t.Stored))
}

// newArgon2 is a hash of a fresh salt, its tag still to be made.
func newArgon2(p Params) argon2Hash {
	a := argon2Hash{params: p, salt: make([]byte, newSaltLen)}
	rand.Read(a.salt) // never fails: the runtime stops the process instead
	return a
}

// outcome is an answer on its way through the gate.
type outcome struct {
	answer
	began time.Time
	err   error
}
