package password

import (
	"encoding/base64"
	"fmt"
	"math/bits"
	"strings"

	"golang.org/x/crypto/scrypt"
)

// The bounds of scrypt (RFC 7914 2), whose N is 2^ln. A MiB takes about 4 ms.
const (
	maxScryptMemory = 256 << 20 // bytes: 128·N·r
	maxScryptWork   = 512 << 20 // bytes: 128·N·r·p, about 2 s
	maxScryptBlock  = 64        // r; 8 is usual
	maxScryptLanes  = 16        // p
	fastScrypt      = 1 << 20   // bytes: memory so small that it hinders nobody
)

// scryptRecipe checks the bounds. length is the tag's, in bytes.
func scryptRecipe(ln, r, p, length uint32, salt []byte) (recipe, error) {
	if ln < 1 || ln > 21 || r < 1 || r > maxScryptBlock || p < 1 || p > maxScryptLanes {
		return recipe{}, refused("scrypt parameters out of bounds")
	}
	memory := 128 * uint64(r) << ln
	if memory > maxScryptMemory || memory*uint64(p) > maxScryptWork {
		return recipe{}, refused("scrypt parameters too costly")
	}
	if length < minTagLen || length > maxTagLen {
		return recipe{}, refused("scrypt tag length out of bounds")
	}
	return recipe{
		name: "scrypt", setting: fmt.Sprintf("ln=%d,r=%d,p=%d,l=%d", ln, r, p, length), salt: salt,
		fast: memory < fastScrypt, longest: maxBytes,
		derive: func(password string) []byte {
			tag, err := scrypt.Key([]byte(password), salt, 1<<ln, int(r), int(p), int(length))
			if err != nil {
				panic(err) // of parameters, which are within bounds
			}
			return tag
		},
	}, nil
}

func newScrypt(ln, r, p uint32, salt, tag []byte) (record, error) {
	made, err := scryptRecipe(ln, r, p, uint32(len(tag)), salt)
	if err != nil {
		return nil, err
	}
	enc := base64.RawStdEncoding
	text := fmt.Sprintf("$scrypt$ln=%d,r=%d,p=%d$%s$%s", ln, r, p, enc.EncodeToString(salt), enc.EncodeToString(tag))
	return madeHash{made, tag, text}, nil
}

// readScrypt reads the PHC form, ln=15,r=8,p=1$salt$tag.
func readScrypt(rest string) (record, error) {
	part := strings.Split(rest, "$")
	if len(part) != 3 {
		return nil, refused("scrypt without parameters, salt and tag")
	}
	n, ok := settings(part[0], "ln", "r", "p")
	if !ok {
		return nil, refused("scrypt parameters not ln, r, p")
	}
	salt, okSalt := unbase64(part[1], 1, maxSaltLen)
	tag, okTag := unbase64(part[2], minTagLen, maxTagLen)
	if !okSalt || !okTag {
		return nil, refused("scrypt salt or tag not canonical base64 of 1–64, 16–64 bytes")
	}
	return newScrypt(n[0], n[1], n[2], salt, tag)
}

// readDjangoScrypt reads N$salt$r$p$tag, the salt as it is, the tag padded.
func readDjangoScrypt(rest string) (record, error) {
	part := strings.Split(rest, "$")
	if len(part) != 5 {
		return nil, refused("scrypt without N, salt, r, p and tag")
	}
	n, okN := number(part[0])
	r, okR := number(part[2])
	p, okP := number(part[3])
	if !okN || !okR || !okP || bits.OnesCount32(n) != 1 {
		return nil, refused("scrypt parameters not N, a power of two, r, p")
	}
	tag, ok := unbase64(unpad(part[4]), minTagLen, maxTagLen)
	if !ok || part[1] == "" || len(part[1]) > maxSaltLen {
		return nil, refused("scrypt without a salt of 1–64 bytes or a tag of 16–64 in base64")
	}
	return newScrypt(uint32(bits.TrailingZeros32(n)), r, p, []byte(part[1]), tag)
}

// readInnerScrypt reads what scryptRecipe wrote.
func readInnerScrypt(setting string, salt []byte) (recipe, error) {
	n, ok := settings(setting, "ln", "r", "p", "l")
	if !ok {
		return recipe{}, refused("scrypt parameters not ln, r, p, l")
	}
	return scryptRecipe(n[0], n[1], n[2], n[3], salt)
}
