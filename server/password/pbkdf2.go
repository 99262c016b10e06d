package password

import (
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"hash"
	"strings"
)

// pbkdf2Hash is what PBKDF2 (RFC 8018 5.2) turns around.
type pbkdf2Hash struct {
	name string
	make func() hash.Hash
	size int    // bytes
	most uint32 // iterations, which take about 2 s; every framework's default is within half of it
}

var (
	pbkdf2SHA1   = pbkdf2Hash{"pbkdf2-sha1", sha1.New, sha1.Size, 5_000_000}
	pbkdf2SHA256 = pbkdf2Hash{"pbkdf2-sha256", sha256.New, sha256.Size, 5_000_000}
	pbkdf2SHA512 = pbkdf2Hash{"pbkdf2-sha512", sha512.New, sha512.Size, 2_000_000}
)

// recipe checks the iterations. length is the tag's, in bytes.
func (h pbkdf2Hash) recipe(iterations, length uint32, salt []byte) (recipe, error) {
	switch {
	case iterations < 1 || iterations > h.most:
		return recipe{}, refused("pbkdf2 iterations out of bounds")
	case length < minTagLen || length > uint32(h.size):
		return recipe{}, refused("pbkdf2 tag length out of bounds")
	}
	return recipe{
		name: h.name, setting: fmt.Sprintf("i=%d,l=%d", iterations, length), salt: salt,
		fast: iterations < fastIterations, longest: maxBytes,
		derive: func(password string) []byte {
			tag, err := pbkdf2.Key(h.make, password, salt, int(iterations), int(length))
			if err != nil {
				panic(err) // only where a FIPS mode forbids the hash; the gate answers it
			}
			return tag
		},
	}, nil
}

// read makes the record. Tags longer than the hash function's (RFC 8018 calls each such
// length a block) are cut: blocks don't depend on each other, so that the rest would
// cost us and no attacker anything.
func (h pbkdf2Hash) read(iterations uint32, salt, tag []byte) (record, error) {
	tag = tag[:min(len(tag), h.size)]
	r, err := h.recipe(iterations, uint32(len(tag)), salt)
	if err != nil {
		return nil, err
	}
	enc := base64.RawStdEncoding
	text := fmt.Sprintf("$%s$i=%d$%s$%s", h.name, iterations, enc.EncodeToString(salt), enc.EncodeToString(tag))
	return madeHash{r, tag, text}, nil
}

// readPHC reads i=…$salt$tag, i=…,l=…$salt$tag, and passlib's 29000$salt$tag, which has
// "." for "+".
func (h pbkdf2Hash) readPHC(rest string) (record, error) {
	part := strings.Split(strings.ReplaceAll(rest, ".", "+"), "$")
	if len(part) != 3 {
		return nil, refused("pbkdf2 without iterations, salt and tag")
	}
	setting := strings.TrimPrefix(part[0], "i=")
	if before, length, found := strings.Cut(setting, ","); found {
		if _, ok := settings(length, "l"); !ok {
			return nil, refused("pbkdf2 parameters not i, l")
		}
		setting = before
	}
	iterations, ok := number(setting)
	if !ok {
		return nil, refused("pbkdf2 iterations not a number")
	}
	salt, okSalt := unbase64(part[1], 1, maxSaltLen)
	tag, okTag := unbase64(part[2], minTagLen, maxTagLen)
	if !okSalt || !okTag {
		return nil, refused("pbkdf2 salt or tag not canonical base64 of 1–64, 16–64 bytes")
	}
	return h.read(iterations, salt, tag)
}

// readDjango reads 260000$salt$tag, the salt as it is, the tag padded.
func (h pbkdf2Hash) readDjango(rest string) (record, error) {
	part := strings.Split(rest, "$")
	if len(part) != 3 {
		return nil, refused("pbkdf2 without iterations, salt and tag")
	}
	iterations, okNumber := number(part[0])
	tag, okTag := unbase64(unpad(part[2]), minTagLen, maxTagLen)
	if !okNumber || !okTag || part[1] == "" || len(part[1]) > maxSaltLen {
		return nil, refused("pbkdf2 not iterations, a salt of 1–64 bytes, a tag of 16–64 in base64")
	}
	return h.read(iterations, []byte(part[1]), tag)
}

// readInner reads what recipe wrote.
func (h pbkdf2Hash) readInner(setting string, salt []byte) (recipe, error) {
	n, ok := settings(setting, "i", "l")
	if !ok {
		return recipe{}, refused("pbkdf2 parameters not i, l")
	}
	return h.recipe(n[0], n[1], salt)
}
