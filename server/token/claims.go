package token

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
)

// timeLayout is RFC 3339 in UTC and whole seconds, the only form that a token
// of ours carries (CONTRACT 3).
const timeLayout = "2006-01-02T15:04:05Z"

// registered lists the claims that every token carries, in their order.
var registered = []string{"iss", "sub", "aud", "jti", "iat", "nbf", "exp"}

// errTooLong says that even without its names a token would be over the limit.
var errTooLong = errors.New("token: the claims do not fit into 2000 characters")

// Claims is what a token says (CONTRACT 3). Times are written in whole
// seconds, a fraction is dropped.
type Claims struct {
	Issuer   string // iss: the public URL
	Subject  string // sub: the account's UUID, lower case
	Audience string // aud: the dialect
	ID       string // jti: the session's id as FormatID writes it

	IssuedAt  time.Time // iat
	NotBefore time.Time // nbf
	Expires   time.Time // exp

	// Extra is what the dialect's documented token carries besides. A value is
	// a string, a bool, or a Name; a name may not be one of the claims above.
	// Verify leaves it nil: what it says is read from the store, not from here.
	Extra map[string]any
}

// Name is an extra claim that may be cut at a code point to keep the token
// within 2,000 characters (CONTRACT 3).
type Name string

// encode writes the payload in at most room bytes: the registered claims in
// their order, then the others sorted.
func (c Claims) encode(room int) ([]byte, error) {
	if cause := c.fault(); cause != "" {
		return nil, fmt.Errorf("token: sign: %s", cause)
	}
	extra := maps.Clone(c.Extra)
	if err := checkExtra(extra); err != nil {
		return nil, err
	}
	payload, err := c.render(extra)
	if err != nil || len(payload) <= room {
		return payload, err
	}
	if err := cutNames(extra, len(payload)-room); err != nil {
		return nil, err
	}
	return c.render(extra)
}

// fault tells what keeps the registered claims from making a token, or "".
// Sign and Verify both ask it, so we sign nothing that we would refuse.
func (c Claims) fault() string {
	switch {
	case c.Issuer == "":
		return "iss is empty"
	case !canonicalUUID(c.Subject):
		return "sub is not a UUID in lower case"
	case c.Audience == "":
		return "aud is empty"
	case !lowerHex(c.ID, 2*idBytes):
		return "jti is not 32 lower-case hexadecimal digits"
	}
	for i, t := range []time.Time{c.IssuedAt, c.NotBefore, c.Expires} {
		if y := t.UTC().Year(); t.IsZero() || y < 1 || y > 9999 {
			return registered[4+i] + " is no time that RFC 3339 can write"
		}
	}
	return ""
}

func canonicalUUID(s string) bool {
	u, err := uuid.Parse(s)
	return err == nil && u.String() == s
}

// checkExtra refuses what a token cannot say, and a claim that would pass for
// one of the registered.
func checkExtra(extra map[string]any) error {
	for name, value := range extra {
		if slices.Contains(registered, name) {
			return fmt.Errorf("token: sign: extra claim %q shadows a registered one", name)
		}
		switch value.(type) {
		case string, bool, Name:
		default:
			return fmt.Errorf("token: sign: extra claim %q has a value of type %T", name, value)
		}
	}
	return nil
}

// render writes the payload, however long it becomes.
func (c Claims) render(extra map[string]any) ([]byte, error) {
	stamp := func(t time.Time) string { return t.UTC().Format(timeLayout) }
	values := []string{c.Issuer, c.Subject, c.Audience, c.ID,
		stamp(c.IssuedAt), stamp(c.NotBefore), stamp(c.Expires)}
	out := []byte{'{'}
	var err error
	for i, name := range registered {
		if out, err = appendMember(out, name, values[i]); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		if out, err = appendMember(out, name, extra[name]); err != nil {
			return nil, err
		}
	}
	out[len(out)-1] = '}' // in place of the last comma
	return out, nil
}

// appendMember writes one claim and a comma. Quoting escapes only what JSON
// asks for; encoding/json would spend six bytes on each of <, > and &.
func appendMember(out []byte, name string, value any) ([]byte, error) {
	out, err := jsontext.AppendQuote(out, name)
	if err != nil {
		return nil, fmt.Errorf("token: sign: the name of a claim: %w", err)
	}
	out = append(out, ':')
	switch v := value.(type) {
	case bool:
		out = strconv.AppendBool(out, v)
	case string:
		out, err = jsontext.AppendQuote(out, v)
	case Name:
		out, err = jsontext.AppendQuote(out, string(v))
	}
	if err != nil {
		return nil, fmt.Errorf("token: sign: claim %q is not UTF-8", name)
	}
	return append(out, ','), nil
}

// cutNames shortens the payload by at least excess bytes: from whichever Name
// takes the most bytes, one code point after another, so that several long
// names end about equally long. What counts is a name's length in the payload,
// where a control character takes six bytes.
func cutNames(extra map[string]any, excess int) error {
	names, sizes := []string{}, []int{}
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		if v, ok := extra[name].(Name); ok {
			names, sizes = append(names, name), append(sizes, quotedSize(string(v)))
		}
	}
	if len(names) == 0 {
		return errTooLong
	}
	for excess > 0 {
		i := slices.Index(sizes, slices.Max(sizes))
		v := string(extra[names[i]].(Name))
		if v == "" {
			return errTooLong
		}
		_, n := utf8.DecodeLastRuneInString(v)
		size := quotedSize(v[len(v)-n:])
		extra[names[i]] = Name(v[:len(v)-n])
		sizes[i] -= size
		excess -= size
	}
	return nil
}

// quotedSize is how many bytes a text takes in the payload, without its quotes.
func quotedSize(s string) int {
	// Only called once render has found every claim to be UTF-8, so there is
	// no error to meet.
	quoted, _ := jsontext.AppendQuote(nil, s)
	return len(quoted) - 2
}
