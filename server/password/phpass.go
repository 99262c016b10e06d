package password

import (
	"crypto/md5"
	"fmt"
	"slices"
	"strings"
)

// The bounds of phpass' portable hashes, whose turns of MD5 are 2^ln. WordPress took
// 13; 2^20 of the longest password take 2 s.
const (
	minPHPass = 7
	maxPHPass = 20

	phpassSalt = 8 // characters
)

// phpassRecipe checks the bounds. It is fast whatever ln: nobody raised it, and MD5 is
// what hardware is best at.
func phpassRecipe(ln uint32, salt []byte) (recipe, error) {
	switch {
	case ln < minPHPass || ln > maxPHPass:
		return recipe{}, refused("phpass cost out of bounds")
	case len(salt) != phpassSalt || strings.Trim(string(salt), cryptAlphabet) != "":
		return recipe{}, refused("phpass salt not 8 characters of its alphabet")
	}
	return recipe{
		name: "phpass", setting: fmt.Sprintf("ln=%d", ln), salt: salt, fast: true, longest: maxBytes,
		derive: func(password string) []byte {
			tag := md5.Sum(slices.Concat(salt, []byte(password)))
			again := append(make([]byte, md5.Size), password...)
			for range 1 << ln {
				copy(again, tag[:])
				tag = md5.Sum(again)
			}
			return phpassBase64(tag[:])
		},
	}, nil
}

// phpassBase64 writes six bits a character, the low ones first.
func phpassBase64(b []byte) []byte {
	var text []byte
	var held, bits uint
	for _, c := range b {
		held |= uint(c) << bits
		for bits += 8; bits >= 6; bits -= 6 {
			text = append(text, cryptAlphabet[held&63])
			held >>= 6
		}
	}
	return append(text, cryptAlphabet[held&63]) // 16 bytes leave two bits
}

// readPHPass reads a character for ln, 8 of salt, 22 of tag.
func readPHPass(rest string) (record, error) {
	if len(rest) != 1+phpassSalt+22 || !cryptTag(rest[1+phpassSalt:], 22, 4) {
		return nil, refused("phpass of a wrong length or alphabet")
	}
	ln := strings.IndexByte(cryptAlphabet, rest[0]) // -1 is out of bounds as well
	r, err := phpassRecipe(uint32(ln), []byte(rest[1:1+phpassSalt]))
	return madeHash{recipe: r, want: []byte(rest[1+phpassSalt:])}, err
}

// readInnerPHPass reads what phpassRecipe wrote.
func readInnerPHPass(setting string, salt []byte) (recipe, error) {
	n, ok := settings(setting, "ln")
	if !ok {
		return recipe{}, refused("phpass parameters not ln")
	}
	return phpassRecipe(n[0], salt)
}
