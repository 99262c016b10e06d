package auth

import (
	"net/mail"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"kunci/db"
	"kunci/server/password"
)

// Longest values, in characters (CONTRACT 2).
const (
	minEmail, maxEmail       = 5, 200
	minUsername, maxUsername = 3, 32
	maxName                  = 200
	maxPhone                 = 32
	maxLocation              = 64
	maxAvatar, maxGCM        = 500, 500
	maxFBToken               = 2048
	maxSocialID              = 255
)

// check gathers the fields that are at fault.
type check struct{ fields []Field }

func (c *check) fault(name, reason string, n int) {
	c.fields = append(c.fields, Field{Name: name, Reason: reason, N: n})
}

func (c *check) err() error {
	if len(c.fields) == 0 {
		return nil
	}
	return invalid(c.fields...)
}

// email asks for an address without a display name: ASCII, 5–200 characters.
func (c *check) email(name, value string) {
	switch {
	case value == "":
		c.fault(name, "required", 0)
	case len(value) < minEmail:
		c.fault(name, "too_short", minEmail)
	case utf8.RuneCountInString(value) > maxEmail:
		c.fault(name, "too_long", maxEmail)
	case !validEmail(value):
		c.fault(name, "not_email", 0)
	}
}

func validEmail(s string) bool {
	for _, r := range s {
		if r <= ' ' || r > '~' {
			return false
		}
	}
	addr, err := mail.ParseAddress(s)
	if err != nil || addr.Name != "" || addr.Address != s {
		return false
	}
	local, domain, _ := strings.Cut(s, "@")
	return len(local) <= 64 && validDomain(domain)
}

// validDomain refuses what no mail from outside would reach: address literals,
// names without a dot, which lead to machines nearby, and numbers.
func validDomain(domain string) bool {
	last := domain[strings.LastIndexByte(domain, '.')+1:]
	if last == domain || strings.Trim(last, "0123456789") == "" {
		return false
	}
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, r := range label {
			if r != '-' && (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r)) {
				return false
			}
		}
	}
	return true
}

// username asks for 3–32 letters, digits, `.`, `_`, `-`, the first a letter or
// digit. It never contains `@`, or it could pass for somebody's e-mail.
func (c *check) username(name, value string) {
	n := utf8.RuneCountInString(value)
	switch {
	case value == "":
		c.fault(name, "required", 0)
	case n < minUsername:
		c.fault(name, "too_short", minUsername)
	case n > maxUsername:
		c.fault(name, "too_long", maxUsername)
	case !validUsername(value):
		c.fault(name, "not_username", 0)
	}
}

func validUsername(s string) bool {
	for i, r := range s {
		plain := unicode.IsLetter(r) || unicode.IsDigit(r)
		if !plain && (i == 0 || !strings.ContainsRune("._-", r)) {
			return false
		}
	}
	_, ok := db.FoldUsername(s)
	return ok
}

// text asks for at most max characters and none that controls a terminal, a
// log or a mail header.
func (c *check) text(name, value string, max int) {
	switch {
	case !utf8.ValidString(value) || strings.ContainsFunc(value, isControl):
		c.fault(name, "control", 0)
	case utf8.RuneCountInString(value) > max:
		c.fault(name, "too_long", max)
	}
}

// isControl is a control character, a line or paragraph separator, or one
// that turns the direction of what follows it.
func isControl(r rune) bool {
	return unicode.IsControl(r) || r == '\u061c' || r == '\u200e' || r == '\u200f' || r == '\u2028' || r == '\u2029' ||
		r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}

func (c *check) required(name, value string, max int) {
	if strings.TrimSpace(value) == "" {
		c.fault(name, "required", 0)
		return
	}
	c.text(name, value, max)
}

// degrees asks for a decimal number of degrees; it is kept as it was written.
func (c *check) degrees(name, value string, limit float64) {
	if value == "" {
		return
	}
	for _, r := range value {
		if !strings.ContainsRune("+-.0123456789", r) {
			c.fault(name, "not_number", 0)
			return
		}
	}
	if f, err := strconv.ParseFloat(value, 64); err != nil || len(value) > 32 || f < -limit || f > limit {
		c.fault(name, "not_number", 0)
	}
}

// password holds a password to the shape that a rule asks for.
func (c *check) password(name, value string, rule password.Rule) {
	if value == "" {
		c.fault(name, "required", 0)
		return
	}
	if err := rule.Shape(value); err != nil {
		c.violation(name, err, rule)
	}
}

// newPassword holds a new password to a rule, refusing common ones and one's
// own names as well.
func (c *check) newPassword(name, value string, rule password.Rule, allowCommon bool, own ...string) {
	if value == "" {
		c.fault(name, "required", 0)
		return
	}
	if err := rule.New(value, allowCommon, own...); err != nil {
		c.violation(name, err, rule)
	}
}

func (c *check) violation(name string, err error, rule password.Rule) {
	v, ok := err.(password.Violation)
	if !ok {
		c.fault(name, "invalid", 0)
		return
	}
	f := passwordField(v, rule.Min)
	f.Name = name
	c.fields = append(c.fields, f)
}

// passwordReasons are the message keys of what can be wrong with a password.
var passwordReasons = map[password.Violation]string{
	password.Encoding: "control",
	password.TooShort: "too_short",
	password.TooLong:  "too_long",
	password.Control:  "control",
	password.Classes:  "password_classes",
	password.Common:   "password_common",
	password.Own:      "password_own",
}

// passwordField is a violation as a field at fault.
func passwordField(v password.Violation, min int) Field {
	f := Field{Name: "password", Reason: passwordReasons[v]}
	switch v {
	case password.TooShort:
		f.N = min
	case password.TooLong:
		f.N = password.Standard.Max
	}
	return f
}
