package password

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

const (
	bcryptLen   = 60 // bytes: "$2y$10$", 22 of salt, 31 of hash
	bcryptInput = 72 // bytes of a password that bcrypt can take in

	bcryptAlphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)

// bcryptHash is a $2a$, $2b$ or $2y$ string: three names of one algorithm for every
// password that is not absurdly long. $2x$ marks hashes of a broken one.
type bcryptHash struct {
	scheme bcryptScheme
	hash   string
}

// bcryptScheme is what a system did to a password to get it past bcrypt's 72 bytes.
type bcryptScheme struct {
	name    string
	mark    string // before the bcrypt string
	prepare func(password string) string
}

var (
	plainBcrypt = bcryptScheme{"bcrypt", "", cutForBcrypt}
	djangoSHA   = bcryptScheme{"bcrypt-sha256", "bcrypt_sha256$", hexOfSHA256}
	wordPress   = bcryptScheme{"bcrypt-sha384", "$wp", base64OfSHA384}
)

func (b bcryptHash) family() string { return b.scheme.name }
func (b bcryptHash) String() string { return b.scheme.mark + b.hash }
func (bcryptHash) bare() bool       { return true }

// stale: bcrypt is only ever read.
func (bcryptHash) stale(Params) bool { return true }

// matches accepts what the old system accepted. A NUL byte never matches: C ends the
// password there, so that the rest would not count, and bcrypt's key repeats behind a
// NUL of its own, so that "a\x00a" hashes like "a". The work is done all the same, for
// equal time.
func (b bcryptHash) matches(password string) bool {
	err := bcrypt.CompareHashAndPassword([]byte(b.hash), []byte(b.scheme.prepare(password)))
	return err == nil && strings.IndexByte(password, 0) < 0
}

// cutForBcrypt: PHP, C and older libraries cut the password at 72 bytes.
func cutForBcrypt(password string) string {
	return password[:min(len(password), bcryptInput)]
}

// hexOfSHA256 is Django's BCryptSHA256PasswordHasher.
func hexOfSHA256(password string) string {
	sum := sha256.Sum256([]byte(password))
	return hex.EncodeToString(sum[:])
}

// base64OfSHA384 is WordPress' wp_check_password, from version 6.8 on. The key only
// keeps its digests apart from others' and is no secret.
func base64OfSHA384(password string) string {
	mac := hmac.New(sha512.New384, []byte("wp-sha384"))
	mac.Write([]byte(password))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// readBcrypt makes a reader of a scheme's hashes that begin with "$2a$" or the like.
func readBcrypt(scheme bcryptScheme, version string) func(string) (record, error) {
	return func(rest string) (record, error) {
		b := bcryptHash{scheme, version + rest}
		return b, checkBcrypt(b.hash)
	}
}

// checkBcrypt checks all of the string: x/crypto reads it leniently (anything behind
// the hash, signs in the cost) and would take a cost of 31, days of work.
func checkBcrypt(hash string) error {
	if len(hash) != bcryptLen {
		return refused("bcrypt of a wrong length")
	}
	tens, ones := hash[4], hash[5]
	if tens < '0' || tens > '9' || ones < '0' || ones > '9' || hash[6] != '$' {
		return refused("bcrypt cost not two digits")
	}
	if cost := int(tens-'0')*10 + int(ones-'0'); cost < bcrypt.MinCost || cost > maxCost {
		return refused("bcrypt cost out of bounds")
	}
	if strings.Trim(hash[7:], bcryptAlphabet) != "" {
		return refused("bcrypt with a character outside its alphabet")
	}
	// The hash's 184 bits leave two of the last character unused. Set, they make a hash
	// that no password matches: better told at import than at every sign-in.
	if strings.IndexByte(bcryptAlphabet, hash[bcryptLen-1])&3 != 0 {
		return refused("bcrypt with unused bits set")
	}
	return nil
}
