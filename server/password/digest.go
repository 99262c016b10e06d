package password

import (
	"crypto"
	_ "crypto/md5"    // for the table
	_ "crypto/sha1"   // for the table
	_ "crypto/sha256" // for the table
	_ "crypto/sha512" // for the table
	"encoding/hex"
	"strings"
)

// digests are the hash functions that were used on passwords as they are.
var digests = []struct {
	name string
	ldap string // of the salted ones: "S" and this
	hash crypto.Hash
}{
	{"md5", "MD5", crypto.MD5},
	{"sha1", "SHA", crypto.SHA1},
	{"sha256", "SHA256", crypto.SHA256},
	{"sha512", "SHA512", crypto.SHA512},
}

// Where the salt stands, as a wrapped hash spells it; "" for no salt.
const (
	saltBefore = "salt=before" // hash(salt, password)
	saltAfter  = "salt=after"  // hash(password, salt)
)

func digestNamed(name string) (crypto.Hash, bool) {
	for _, d := range digests {
		if d.name == name {
			return d.hash, true
		}
	}
	return 0, false
}

// digestRecipe is one turn of a hash function over the password and its salt.
func digestRecipe(name, setting string, salt []byte) (recipe, error) {
	hash, known := digestNamed(name)
	if !known {
		return recipe{}, refused("unknown digest")
	}
	salted := setting == saltBefore || setting == saltAfter
	if !salted && setting != "" || salted != (len(salt) > 0) || len(salt) > maxSaltLen {
		return recipe{}, refused("digest salt not where it should be or over 64 bytes")
	}
	return recipe{
		name: name, setting: setting, salt: salt, fast: true, longest: maxBytes,
		derive: func(password string) []byte {
			h := hash.New()
			if setting == saltBefore {
				h.Write(salt)
			}
			h.Write([]byte(password))
			if setting == saltAfter {
				h.Write(salt)
			}
			return h.Sum(nil)
		},
	}, nil
}

// readInnerDigest makes a reader of what digestRecipe wrote.
func readInnerDigest(name string) func(string, []byte) (recipe, error) {
	return func(setting string, salt []byte) (recipe, error) { return digestRecipe(name, setting, salt) }
}

// newDigest takes the tag and what of the salt is known.
func newDigest(name, setting string, salt, tag []byte) (record, error) {
	hash, known := digestNamed(name)
	if !known || len(tag) != hash.Size() {
		return nil, refused("digest of a wrong length or name")
	}
	if len(salt) == 0 {
		setting = ""
	}
	r, err := digestRecipe(name, setting, salt)
	return madeHash{recipe: r, want: tag}, err
}

// readHex reads hexadecimal digits of either case alone: whose they are is told by how
// many there are.
func readHex(stored string) (record, error) {
	tag, err := hex.DecodeString(stored)
	if err != nil {
		return nil, refused("unknown kind")
	}
	for _, d := range digests {
		if d.hash.Size() == len(tag) {
			return newDigest(d.name, "", nil, tag)
		}
	}
	return nil, refused("unknown kind")
}

// readDjangoDigest makes a reader of salt$hex and, for no salt, of $hex.
func readDjangoDigest(name string) func(string) (record, error) {
	return func(rest string) (record, error) {
		salt, digits, _ := strings.Cut(rest, "$")
		tag, err := hex.DecodeString(digits)
		if err != nil {
			return nil, refused("digest not hexadecimal")
		}
		return newDigest(name, saltBefore, []byte(salt), tag)
	}
}

// readLDAP reads what follows "{": SSHA}base64 of tag and salt, SHA}base64 of a tag, and
// the same of other functions (RFC 2307 5.3, OpenLDAP's slapd and its pw-sha2). Schemes
// have no case.
func readLDAP(rest string) (record, error) {
	scheme, encoded, _ := strings.Cut(rest, "}")
	b, ok := unbase64(unpad(encoded), minTagLen, maxTagLen+maxSaltLen)
	if !ok {
		return nil, refused("LDAP scheme without base64")
	}
	scheme = strings.ToUpper(scheme)
	for _, d := range digests {
		switch size := d.hash.Size(); {
		case scheme == d.ldap:
			return newDigest(d.name, "", nil, b)
		case scheme == "S"+d.ldap && len(b) > size:
			return newDigest(d.name, saltAfter, b[size:], b[:size])
		}
	}
	return nil, refused("unknown LDAP scheme")
}
