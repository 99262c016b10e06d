package password

import (
	"errors"
	"fmt"
	"strings"
)

// ErrStored is wrapped by every refusal of a stored hash: of an unknown kind, not in
// the one way of writing it, or so costly that checking it would be an attack.
var ErrStored = errors.New("password: stored hash refused")

// The bounds of a stored hash. They leave room for every usual setting elsewhere and
// keep what one sign-in can cost within seconds and 256 MiB.
const (
	maxStored  = 256        // bytes of the whole string
	maxMemory  = 256 * 1024 // KiB
	maxTime    = 10
	maxThreads = 16
	minSaltLen = 8 // bytes; RFC 9106 3.1
	maxSaltLen = 64
	minTagLen  = 16 // bytes; a shorter tag would let passwords collide
	maxTagLen  = 64
	maxCost    = 14 // bcrypt, log2 of the rounds
)

// The families that Family names.
const (
	familyArgon2id = "argon2id"
	familyBcrypt   = "bcrypt"
	familyUnknown  = "unknown"
)

// record is a stored hash within bounds: of argon2id, of bcrypt, or a decoy.
type record interface {
	family() string
	// matches hashes the exact bytes and compares in constant time.
	matches(password string) bool
	// stale says whether a new hash of p would be made otherwise.
	stale(p Params) bool
}

// Family names the kind of a stored hash: "argon2id", "bcrypt", "" for none, or
// "unknown" for everything that Check refuses.
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
	switch {
	case len(stored) > maxStored:
		return nil, refused("too long")
	case strings.HasPrefix(stored, argon2idPrefix):
		return parseArgon2id(stored)
	case strings.HasPrefix(stored, "$2a$"), strings.HasPrefix(stored, "$2b$"), strings.HasPrefix(stored, "$2y$"):
		return parseBcrypt(stored)
	}
	return nil, refused("unknown kind")
}

func refused(why string) error {
	return fmt.Errorf("%w: %s", ErrStored, why)
}
