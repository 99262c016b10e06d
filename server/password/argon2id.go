package password

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// argon2idPrefix holds the version as well: 0x13 is the one that RFC 9106 describes
// and x/crypto computes.
const argon2idPrefix = "$argon2id$v=19$"

// The lengths of a new hash, in bytes (RFC 9106 4).
const (
	newSaltLen = 16
	newTagLen  = 32
)

// argon2idHash is $argon2id$v=19$m=…,t=…,p=…$salt$tag.
type argon2idHash struct {
	params    Params
	salt, tag []byte
}

func (argon2idHash) family() string { return familyArgon2id }

func (a argon2idHash) matches(password string) bool {
	return subtle.ConstantTimeCompare(a.derive(password, len(a.tag)), a.tag) == 1
}

func (a argon2idHash) stale(p Params) bool {
	return a.params != p || len(a.salt) != newSaltLen || len(a.tag) != newTagLen
}

func (a argon2idHash) derive(password string, length int) []byte {
	p := a.params
	return argon2.IDKey([]byte(password), a.salt, p.Time, p.Memory, p.Threads, uint32(length))
}

// String writes the PHC string, without padding.
func (a argon2idHash) String() string {
	enc, p := base64.RawStdEncoding, a.params
	return fmt.Sprintf("%sm=%d,t=%d,p=%d$%s$%s", argon2idPrefix, p.Memory, p.Time, p.Threads,
		enc.EncodeToString(a.salt), enc.EncodeToString(a.tag))
}

// decoy costs what a current hash costs and matches nothing.
type decoy struct{ argon2idHash }

func newDecoy(p Params) decoy {
	return decoy{argon2idHash{params: p, salt: make([]byte, newSaltLen), tag: make([]byte, newTagLen)}}
}

func (d decoy) matches(password string) bool {
	d.argon2idHash.matches(password)
	return false
}

// parseArgon2id reads only what String writes, so that one hash has one spelling.
func parseArgon2id(stored string) (record, error) {
	part := strings.Split(strings.TrimPrefix(stored, argon2idPrefix), "$")
	if len(part) != 3 {
		return nil, refused("argon2id without parameters, salt and tag")
	}
	setting := strings.Split(part[0], ",")
	if len(setting) != 3 {
		return nil, refused("argon2id parameters not m, t, p")
	}
	memory, okM := number(setting[0], "m=")
	time, okT := number(setting[1], "t=")
	threads, okP := number(setting[2], "p=")
	if !okM || !okT || !okP || threads > maxThreads {
		return nil, refused("argon2id parameters not m, t, p")
	}
	a := argon2idHash{params: Params{Memory: memory, Time: time, Threads: uint8(threads)}}
	if err := a.params.bounds(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStored, err)
	}
	var okSalt, okTag bool
	if a.salt, okSalt = unbase64(part[1], minSaltLen, maxSaltLen); !okSalt {
		return nil, refused("argon2id salt not canonical base64 of 8–64 bytes")
	}
	if a.tag, okTag = unbase64(part[2], minTagLen, maxTagLen); !okTag {
		return nil, refused("argon2id tag not canonical base64 of 16–64 bytes")
	}
	return a, nil
}

// number reads "m=19456": decimal, 32 bits, no sign, no leading zero.
func number(s, name string) (uint32, bool) {
	digits, ok := strings.CutPrefix(s, name)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	return uint32(n), err == nil && strconv.FormatUint(n, 10) == digits
}

// unbase64 decodes unpadded standard base64. Writing it again catches what the decoder
// forgives: line breaks, and bits set beyond the last byte.
func unbase64(s string, least, most int) ([]byte, bool) {
	b, err := base64.RawStdEncoding.DecodeString(s)
	ok := err == nil && len(b) >= least && len(b) <= most && base64.RawStdEncoding.EncodeToString(b) == s
	return b, ok
}
