package password

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// cryptAlphabet is what crypt(3) and phpass write numbers and tags in.
const cryptAlphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// settings reads "m=19456,t=2,p=1": exactly these names, in this order.
func settings(s string, names ...string) ([]uint32, bool) {
	field := strings.Split(s, ",")
	if len(field) != len(names) {
		return nil, false
	}
	n := make([]uint32, len(names))
	for i, name := range names {
		digits, named := strings.CutPrefix(field[i], name+"=")
		value, ok := number(digits)
		if !named || !ok {
			return nil, false
		}
		n[i] = value
	}
	return n, true
}

// number reads "19456": decimal, 32 bits, no sign, no leading zero.
func number(digits string) (uint32, bool) {
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

// unpad drops the padding that Django and LDAP write, so that unbase64 can read on.
func unpad(s string) string {
	if len(s)%4 != 0 {
		return s
	}
	return strings.TrimSuffix(strings.TrimSuffix(s, "="), "=")
}

// cryptTag says whether s is a tag of so many characters as crypt(3) and phpass write
// it, whose last character is one of the first few: its upper bits stand for nothing.
// Set, they would make a hash that no password matches.
func cryptTag(s string, length, last int) bool {
	return len(s) == length && strings.Trim(s, cryptAlphabet) == "" && strings.IndexByte(cryptAlphabet, s[length-1]) < last
}
