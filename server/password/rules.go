package password

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// maxBytes is the most a password may take up as typed (CONTRACT 2). Its NFC form is
// bounded by the rules' 200 code points, which are 800 bytes at most.
const maxBytes = 1024

// Violation is the rule that a password breaks; callers map it to a message.
type Violation string

// What can be wrong with a password. The text is for logs; it never holds the password.
const (
	Encoding Violation = "not valid UTF-8"
	TooShort Violation = "too short"
	TooLong  Violation = "too long"
	Control  Violation = "contains a control character"
	Classes  Violation = "lacks a lower-case letter, an upper-case letter, a digit or a special character"
	Common   Violation = "one of the most common passwords"
	Own      Violation = "one's own e-mail, username or name"
)

// Error makes a Violation an error.
func (v Violation) Error() string { return "password: " + string(v) }

// Rule is what a password must look like (CONTRACT 2).
type Rule struct {
	Min, Max int  // code points of the NFC form, inclusive
	Classes  bool // at least one lower-case and one upper-case letter, digit and special character
}

// The rules of CONTRACT 2: for every account, for Shoop's sign-up, and for accounts
// with a membership (the dashboard's, and the pwa's at sign-in).
var (
	Standard  = Rule{Min: 8, Max: 200}
	Shoop     = Rule{Min: 7, Max: 200}
	Dashboard = Rule{Min: 8, Max: 200, Classes: true}
)

// Shape checks what can be seen of the password alone: encoding, length, control
// characters, classes, in this order. It returns nil or a Violation.
//
// What counts is the NFC form, since that is what gets hashed: "é" is one code point
// however it was typed. Control characters are Unicode's category Cc alone; a joiner
// (Cf) is part of some scripts and of emoji. Classes go by Unicode category: letters
// without case and titlecase letters are letters of neither case, digits are Nd, and
// whatever is neither letter nor digit is special, the space too.
func (r Rule) Shape(pw string) error {
	if !utf8.ValidString(pw) {
		return Encoding
	}
	if len(pw) > maxBytes {
		return TooLong // before NFC, which costs with length
	}
	form := norm.NFC.String(pw)
	switch n := utf8.RuneCountInString(form); {
	case n < r.Min:
		return TooShort
	case n > r.Max:
		return TooLong
	case strings.ContainsFunc(form, unicode.IsControl):
		return Control
	case r.Classes && !allClasses(form):
		return Classes
	}
	return nil
}

// New checks a password that is to be set: its Shape, and, unless allowCommon, that it
// is neither among the most common ones nor one of own: the account's e-mail (and the
// part before its @), username and name, compared without case. The contract lifts
// both for --dev, so allowCommon does too. It returns nil or a Violation.
func (r Rule) New(pw string, allowCommon bool, own ...string) error {
	if err := r.Shape(pw); err != nil || allowCommon {
		return err
	}
	folded := fold(pw)
	if isCommon(folded) {
		return Common
	}
	for _, name := range own {
		name = fold(name)
		if name == folded {
			return Own
		}
		if at := strings.LastIndexByte(name, '@'); at >= 0 && name[:at] == folded {
			return Own
		}
	}
	return nil
}

func allClasses(s string) bool {
	var lower, upper, digit, special bool
	for _, c := range s {
		switch {
		case unicode.IsLower(c):
			lower = true
		case unicode.IsUpper(c):
			upper = true
		case unicode.IsDigit(c):
			digit = true
		case !unicode.IsLetter(c):
			special = true
		}
	}
	return lower && upper && digit && special
}

// fold makes strings comparable without case. NFC goes around it, because folding can
// take a composed character apart and depends on how it was composed.
func fold(s string) string {
	return norm.NFC.String(cases.Fold().String(norm.NFC.String(s)))
}
