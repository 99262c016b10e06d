package password

import (
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"
	"strings"

	"github.com/go-crypt/x/crypt"
)

// longestCrypt is the longest password, in bytes, that libxcrypt takes: with the NUL
// at its end CRYPT_MAX_PASSPHRASE_SIZE. Longer ones would cost in proportion.
const longestCrypt = 511

// longestSHACrypt is the longest that bare sha-crypt takes here: it costs less than
// twice what a short one does, so that the time tells nothing (Cost).
const longestSHACrypt = 128

// shaCrypt is $5$ or $6$ ("Unix crypt using SHA-256 and SHA-512", Ulrich Drepper).
type shaCrypt struct {
	name    string
	prefix  string
	make    func() hash.Hash
	tagLen  int // characters
	tagLast int // how many characters can be the last
}

var (
	sha256Crypt = shaCrypt{"sha256-crypt", "$5$", sha256.New, 43, 16}
	sha512Crypt = shaCrypt{"sha512-crypt", "$6$", sha512.New, 86, 4}
)

// The bounds of sha-crypt. A million rounds take 1 to 2 s; passlib's default is 656,000.
const (
	usualRounds = 5000 // where none are given
	minRounds   = 1000 // crypt(3) never made fewer
	maxRounds   = 1_000_000

	maxSHACryptSalt = 16 // characters
	maxMD5CryptSalt = 8
)

// recipe checks the rounds and the salt.
func (c shaCrypt) recipe(rounds uint32, salt []byte) (recipe, error) {
	switch {
	case rounds < minRounds || rounds > maxRounds:
		return recipe{}, refused("sha-crypt rounds out of bounds")
	case !cryptSalt(salt, maxSHACryptSalt):
		return recipe{}, refused("sha-crypt salt not up to 16 printable characters")
	}
	longest := longestSHACrypt
	if rounds < fastIterations {
		longest = longestCrypt
	}
	return recipe{
		name: c.name, setting: fmt.Sprintf("rounds=%d", rounds), salt: salt,
		fast: rounds < fastIterations, longest: longest,
		derive: func(password string) []byte {
			return crypt.KeySHACrypt(c.make, []byte(password), salt, int(rounds))
		},
	}, nil
}

// read reads salt$tag or rounds=…$salt$tag.
func (c shaCrypt) read(rest string) (record, error) {
	rounds := uint32(usualRounds)
	if digits, after, found := strings.Cut(rest, "$"); found && strings.HasPrefix(rest, "rounds=") {
		n, ok := settings(digits, "rounds")
		if !ok {
			return nil, refused("sha-crypt rounds not a number")
		}
		rounds, rest = n[0], after
	}
	salt, tag, _ := strings.Cut(rest, "$")
	if !cryptTag(tag, c.tagLen, c.tagLast) {
		return nil, refused("sha-crypt tag of a wrong length or alphabet")
	}
	r, err := c.recipe(rounds, []byte(salt))
	if err != nil {
		return nil, err
	}
	return madeHash{r, []byte(tag), fmt.Sprintf("%s%s$%s$%s", c.prefix, r.setting, salt, tag)}, nil
}

// readInner reads what recipe wrote.
func (c shaCrypt) readInner(setting string, salt []byte) (recipe, error) {
	n, ok := settings(setting, "rounds")
	if !ok {
		return recipe{}, refused("sha-crypt parameters not rounds")
	}
	return c.recipe(n[0], salt)
}

// md5CryptRecipe is $1$: a thousand turns of MD5, whatever the hash says.
func md5CryptRecipe(setting string, salt []byte) (recipe, error) {
	if setting != "" || !cryptSalt(salt, maxMD5CryptSalt) {
		return recipe{}, refused("md5-crypt salt not up to 8 printable characters")
	}
	return recipe{
		name: "md5-crypt", salt: salt, fast: true, longest: longestCrypt,
		derive: func(password string) []byte { return crypt.KeyMD5Crypt([]byte(password), salt) },
	}, nil
}

// readMD5Crypt reads salt$tag.
func readMD5Crypt(rest string) (record, error) {
	salt, tag, _ := strings.Cut(rest, "$")
	if !cryptTag(tag, 22, 4) {
		return nil, refused("md5-crypt tag of a wrong length or alphabet")
	}
	r, err := md5CryptRecipe("", []byte(salt))
	return madeHash{recipe: r, want: []byte(tag)}, err
}

// cryptSalt: crypt(3) takes nearly every character but those that divide its strings
// and the lines of a password file.
func cryptSalt(salt []byte, most int) bool {
	for _, c := range salt {
		if c <= ' ' || c > '~' || c == '$' || c == ':' {
			return false
		}
	}
	return len(salt) <= most
}
