package password

import (
	"errors"
	"fmt"
)

// ErrStored is wrapped by every refusal of a stored hash: of an unknown kind, not in
// the one way of writing it, or so costly that checking it would be an attack.
var ErrStored = errors.New("password: stored hash refused")

// The bounds of every stored hash; the families' own stand beside them. They leave room
// for every usual setting elsewhere and keep what one sign-in can cost within seconds
// and 256 MiB.
const (
	maxStored  = 256        // bytes of the whole string
	maxMemory  = 256 * 1024 // KiB
	maxTime    = 10
	maxWork    = 768 * 1024 // KiB times passes, of argon2: what libsodium calls moderate
	maxThreads = 16
	minSaltLen = 8 // bytes, of argon2; RFC 9106 3.1. A short salt elsewhere is no danger to us
	maxSaltLen = 64
	minTagLen  = 16 // bytes; a shorter tag would let passwords collide
	maxTagLen  = 64
	maxCost    = 14 // bcrypt, log2 of the rounds
)

// familyUnknown is what Family calls a hash that Check refuses.
const familyUnknown = "unknown"

// record is a known hash within bounds.
type record interface {
	family() string
	// String is the one spelling that it is stored in; "" where it is not bare.
	String() string
	// bare is false for what must be wrapped to be stored.
	bare() bool
	// matches hashes the exact bytes and compares in constant time.
	matches(password string) bool
	// stale says whether a new hash of p would be made otherwise.
	stale(p Params) bool
}

// Family names the kind of a stored hash: "argon2id", "bcrypt", "pbkdf2-sha256", …, of
// a wrapped one "argon2id(md5)", "" for none, or "unknown" for everything that Check
// refuses.
func Family(stored string) string {
	if stored == "" {
		return ""
	}
	r, err := parse(stored)
	if err != nil {
		return familyUnknown
	}
	return r.family()
}

// Check parses a stored hash and keeps its bounds, without hashing. It is nil exactly
// where Verify would not answer ErrStored; so "" (no password) passes.
func Check(stored string) error {
	if stored == "" {
		return nil
	}
	_, err := parse(stored)
	return err
}

// parse reads a stored hash. Its errors say what is wrong and never quote the hash.
func parse(stored string) (record, error) {
	r, err := read(stored)
	if err != nil {
		return nil, err
	}
	if !r.bare() {
		return nil, refused("a fast hash must be wrapped")
	}
	return r, nil
}

// read is parse for hashes that need not be stored as they are.
func read(foreign string) (record, error) {
	if len(foreign) > maxStored {
		return nil, refused("too long")
	}
	foreign = unmark(foreign)
	if s, rest, found := spellingOf(foreign); found {
		return s.read(rest)
	}
	return readHex(foreign)
}

func refused(why string) error {
	return fmt.Errorf("%w: %s", ErrStored, why)
}
