package db

import (
	"strings"

	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"
)

// FoldEmail is an e-mail address as it is compared: addresses are ASCII
// (CONTRACT 2), so lower case is all there is to it. What is beyond ASCII stays
// as it is: the Kelvin sign, say, must not become a k.
func FoldEmail(email string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, email)
}

// FoldUsername is a username as it is compared: RFC 8265 UsernameCaseMapped.
// ok is false for a name that this profile does not allow.
func FoldUsername(name string) (folded string, ok bool) {
	folded, err := precis.UsernameCaseMapped.CompareKey(name)
	return folded, err == nil
}

// FoldName is the name of a company, division or role as it is compared.
func FoldName(name string) string {
	return strings.ToLower(norm.NFC.String(strings.Join(strings.Fields(name), " ")))
}
