package token

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
)

const (
	keyBytes = 20 // of randomness in a Shoop key, 160 bits (CONTRACT 1)
	idBytes  = 16 // of a session or link id, 128 bits
)

// NewKey makes a Shoop key, 40 lower-case hexadecimal digits of 160 random
// bits, and the SHA-256 hash of those digits, which is all that is ever stored
// (CONTRACT 1). The key itself exists only in the answer to its client.
func NewKey() (key string, hash [32]byte) {
	var b [keyBytes]byte
	rand.Read(b[:]) // never fails: the program ends where the system has no randomness
	key = hex.EncodeToString(b[:])
	return key, sha256.Sum256([]byte(key))
}

// KeyHash is the hash under which NewKey's key is stored. It is false for
// anything but 40 lower-case hexadecimal digits. A plain hash suffices: the
// key is random, so there is nothing to guess from.
func KeyHash(key string) ([32]byte, bool) {
	if !lowerHex(key, 2*keyBytes) {
		return [32]byte{}, false
	}
	return sha256.Sum256([]byte(key)), true
}

// NewID makes the random id of a session or a mailed link.
func NewID() [16]byte {
	var id [idBytes]byte
	rand.Read(id[:]) // never fails, as in NewKey
	return id
}

// FormatID writes an id as 32 lower-case hexadecimal digits, the form of the
// claim jti.
func FormatID(id [16]byte) string { return hex.EncodeToString(id[:]) }

// ParseID reads what FormatID wrote; false for any other text.
func ParseID(s string) (id [16]byte, ok bool) {
	if !lowerHex(s, 2*idBytes) {
		return id, false
	}
	_, err := hex.Decode(id[:], []byte(s))
	return id, err == nil
}

// lowerHex tells whether s is exactly n lower-case hexadecimal digits.
// encoding/hex reads upper case too, which would give one value two forms.
func lowerHex(s string, n int) bool {
	if len(s) != n {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
