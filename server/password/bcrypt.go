package password

import (
	"strings"

	"golang.org/x/crypto/bcrypt"
)

const (
	bcryptLen   = 60 // bytes: "$2y$10$", 22 of salt, 31 of hash
	bcryptInput = 72 // bytes of a password that bcrypt can take in

	bcryptAlphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)

// bcryptHash is a whole $2a$, $2b$ or $2y$ string: three names of one algorithm for
// every password that is not absurdly long. $2x$ marks hashes of a broken one.
type bcryptHash string

func (bcryptHash) family() string { return familyBcrypt }

// stale: bcrypt is only ever read.
func (bcryptHash) stale(Params) bool { return true }

// matches accepts what the old system accepted: PHP, C and older libraries cut the
// password at 72 bytes. A NUL byte never matches: C ends the password there, so that
// the rest would not count, and bcrypt's key repeats behind a NUL of its own, so that
// "a\x00a" hashes like "a". The work is done all the same, for equal time.
func (b bcryptHash) matches(password string) bool {
	nul := strings.IndexByte(password, 0) >= 0
	if len(password) > bcryptInput {
		password = password[:bcryptInput]
	}
	err := bcrypt.CompareHashAndPassword([]byte(b), []byte(password))
	return err == nil && !nul
}

// parseBcrypt checks all of the string: x/crypto reads it leniently (anything behind
// the hash, signs in the cost) and would take a cost of 31, days of work.
func parseBcrypt(stored string) (record, error) {
	if len(stored) != bcryptLen {
		return nil, refused("bcrypt of a wrong length")
	}
	tens, ones := stored[4], stored[5]
	if tens < '0' || tens > '9' || ones < '0' || ones > '9' || stored[6] != '$' {
		return nil, refused("bcrypt cost not two digits")
	}
	if cost := int(tens-'0')*10 + int(ones-'0'); cost < bcrypt.MinCost || cost > maxCost {
		return nil, refused("bcrypt cost out of bounds")
	}
	for i := 7; i < bcryptLen; i++ {
		if strings.IndexByte(bcryptAlphabet, stored[i]) < 0 {
			return nil, refused("bcrypt with a character outside its alphabet")
		}
	}
	// The hash's 184 bits leave two of the last character unused. Set, they make a hash
	// that no password matches: better told at import than at every sign-in.
	if strings.IndexByte(bcryptAlphabet, stored[bcryptLen-1])&3 != 0 {
		return nil, refused("bcrypt with unused bits set")
	}
	return bcryptHash(stored), nil
}
