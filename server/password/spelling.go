package password

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// spelling is a way in which hashes are written.
type spelling struct {
	prefix string
	read   func(rest string) (record, error)
	// decoy makes a hash of a kind, the hash without its salt and tag. What is never
	// stored has none.
	decoy func(kind string) string
}

// spellings are told apart by what they begin with.
var spellings = []spelling{
	{argon2idPrefix, readArgon2id, phcDecoy},
	{argon2iPrefix, readArgon2i, phcDecoy},
	{"$2a$", readBcrypt(plainBcrypt, "$2a$"), bcryptDecoy},
	{"$2b$", readBcrypt(plainBcrypt, "$2b$"), bcryptDecoy},
	{"$2y$", readBcrypt(plainBcrypt, "$2y$"), bcryptDecoy},
	{"bcrypt_sha256$$2a$", readBcrypt(djangoSHA, "$2a$"), bcryptDecoy},
	{"bcrypt_sha256$$2b$", readBcrypt(djangoSHA, "$2b$"), bcryptDecoy},
	{"bcrypt_sha256$$2y$", readBcrypt(djangoSHA, "$2y$"), bcryptDecoy},
	{"$wp$2y$", readBcrypt(wordPress, "$2y$"), bcryptDecoy},
	{"$scrypt$", readScrypt, phcDecoy},
	{"scrypt$", readDjangoScrypt, djangoScryptDecoy},
	{"$pbkdf2$", pbkdf2SHA1.readPHC, phcDecoy}, // passlib's name for it
	{"$pbkdf2-sha1$", pbkdf2SHA1.readPHC, phcDecoy},
	{"$pbkdf2-sha256$", pbkdf2SHA256.readPHC, phcDecoy},
	{"$pbkdf2-sha512$", pbkdf2SHA512.readPHC, phcDecoy},
	{"pbkdf2_sha1$", pbkdf2SHA1.readDjango, phcDecoy},
	{"pbkdf2_sha256$", pbkdf2SHA256.readDjango, phcDecoy},
	{"$5$", sha256Crypt.read, sha256Crypt.decoy},
	{"$6$", sha512Crypt.read, sha512Crypt.decoy},
	{wrapPrefix, readWrapped, wrapDecoy},
	{"$1$", readMD5Crypt, nil},
	{"$P$", readPHPass, nil},
	{"$H$", readPHPass, nil}, // phpBB's name for it
	{"md5$", readDjangoDigest("md5"), nil},
	{"sha1$", readDjangoDigest("sha1"), nil},
	{"{", readLDAP, nil},
}

func spellingOf(hash string) (s spelling, rest string, found bool) {
	for _, s := range spellings {
		if rest, found := strings.CutPrefix(hash, s.prefix); found {
			return s, rest, true
		}
	}
	return spelling{}, "", false
}

// unmark drops what Django and LDAP write before a hash of crypt's own form.
func unmark(hash string) string {
	for _, mark := range []string{"argon2", "bcrypt$", "{CRYPT}", "{crypt}"} {
		if rest, found := strings.CutPrefix(hash, mark); found && strings.HasPrefix(rest, "$") {
			return rest
		}
	}
	return hash
}

// Decoy is a hash of a kind, as Cost takes it, that no password matches but by
// an accident of 2^-128. Of a kind that is unknown or never stored it is one that Check
// refuses.
func Decoy(kind string) string {
	if kind == "" {
		return ""
	}
	kind = unmark(kind)
	s, _, found := spellingOf(kind)
	if !found || s.decoy == nil {
		return phcDecoy(kind)
	}
	return s.decoy(kind)
}

// What a decoy has for salt and tag, in base64.
var (
	decoySalt = strings.Repeat("A", 22) // 16 bytes
	decoyTag  = strings.Repeat("A", 43) // 32 bytes
)

func phcDecoy(kind string) string { return kind + "$" + decoySalt + "$" + decoyTag }

func bcryptDecoy(kind string) string {
	return kind + "$" + strings.Repeat(".", bcryptLen-len("$2b$10$"))
}

func (c shaCrypt) decoy(kind string) string {
	return kind + "$" + strings.Repeat(".", maxSHACryptSalt) + "$" + strings.Repeat(".", c.tagLen)
}

// djangoScryptDecoy: Django writes the salt between N and the other parameters.
func djangoScryptDecoy(kind string) string {
	part := strings.SplitN(kind, "$", 3)
	if len(part) < 3 {
		return phcDecoy(kind)
	}
	return fmt.Sprintf("%s$%s$%s$%s$%s", part[0], part[1], decoySalt, part[2], decoyTag)
}

// wrapDecoy: a wrapped hash has two salts, the inner one before its argon2id.
func wrapDecoy(kind string) string {
	inner, outer, _ := strings.Cut(strings.TrimPrefix(kind, wrapPrefix), "$")
	salt := strings.Repeat(".", phpassSalt)
	if _, err := readInner(inner, []byte(salt)); err != nil {
		salt = "" // of a plain digest
	}
	return phcDecoy(wrapPrefix + inner + "$" + base64.RawStdEncoding.EncodeToString([]byte(salt)) + "$" + outer)
}
