package password

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// The prefixes hold the version as well: 0x13 is the one that RFC 9106 describes
// and x/crypto computes. It has no argon2d, which is not made for passwords.
const (
	argon2idPrefix = "$argon2id$v=19$"
	argon2iPrefix  = "$argon2i$v=19$"
)

// The lengths of a new hash, in bytes (RFC 9106 4).
const (
	newSaltLen = 16
	newTagLen  = 32
)

// argon2Hash is $argon2id$v=19$m=…,t=…,p=…$salt$tag, or the same of argon2i, which
// is only ever read.
type argon2Hash struct {
	i         bool
	params    Params
	salt, tag []byte
}

func (a argon2Hash) family() string {
	if a.i {
		return "argon2i"
	}
	return "argon2id"
}

func (argon2Hash) bare() bool { return true }

func (a argon2Hash) matches(password string) bool {
	return subtle.ConstantTimeCompare(a.derive([]byte(password), len(a.tag)), a.tag) == 1
}

func (a argon2Hash) stale(p Params) bool {
	return a.i || a.params != p || len(a.salt) != newSaltLen || len(a.tag) != newTagLen
}

func (a argon2Hash) derive(password []byte, length int) []byte {
	p, key := a.params, argon2.IDKey
	if a.i {
		key = argon2.Key
	}
	return key(password, a.salt, p.Time, p.Memory, p.Threads, uint32(length))
}

// String writes the PHC string, without padding.
func (a argon2Hash) String() string {
	enc, p, prefix := base64.RawStdEncoding, a.params, argon2idPrefix
	if a.i {
		prefix = argon2iPrefix
	}
	return fmt.Sprintf("%sm=%d,t=%d,p=%d$%s$%s", prefix, p.Memory, p.Time, p.Threads,
		enc.EncodeToString(a.salt), enc.EncodeToString(a.tag))
}

// decoy costs what a current hash costs and matches nothing.
type decoy struct{ argon2Hash }

func newDecoy(p Params) decoy {
	return decoy{argon2Hash{params: p, salt: make([]byte, newSaltLen), tag: make([]byte, newTagLen)}}
}

func (d decoy) matches(password string) bool {
	d.argon2Hash.matches(password)
	return false
}

func readArgon2id(rest string) (record, error) { return readArgon2(rest, false) }
func readArgon2i(rest string) (record, error)  { return readArgon2(rest, true) }

// readArgon2 reads only what String writes, so that one hash has one spelling.
func readArgon2(rest string, i bool) (record, error) {
	part := strings.Split(rest, "$")
	if len(part) != 3 {
		return nil, refused("argon2 without parameters, salt and tag")
	}
	n, ok := settings(part[0], "m", "t", "p")
	if !ok || n[2] > maxThreads {
		return nil, refused("argon2 parameters not m, t, p")
	}
	a := argon2Hash{i: i, params: Params{Memory: n[0], Time: n[1], Threads: uint8(n[2])}}
	if err := a.params.bounds(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStored, err)
	}
	var okSalt, okTag bool
	if a.salt, okSalt = unbase64(part[1], minSaltLen, maxSaltLen); !okSalt {
		return nil, refused("argon2 salt not canonical base64 of 8–64 bytes")
	}
	if a.tag, okTag = unbase64(part[2], minTagLen, maxTagLen); !okTag {
		return nil, refused("argon2 tag not canonical base64 of 16–64 bytes")
	}
	return a, nil
}
