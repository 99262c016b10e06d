package token

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/o1egl/paseto/v2"
)

const (
	header = "v2.public."

	footerStart = `{"kid":"`
	footerEnd   = `"}`
	footerChars = 82 // the footer in base64url: every key's id has the same length

	// maxLength is the most characters that a token has (CONTRACT 3), minLength
	// those of one whose payload is {}.
	maxLength = 2000
	minLength = len(header) + 88 + 1 + footerChars

	// payloadRoom is how many bytes of payload fit into maxLength.
	payloadRoom = (maxLength-len(header)-1-footerChars)*6/8 - ed25519.SignatureSize

	// leeway is how far another machine's clock may be ahead of ours.
	leeway = 60 * time.Second
)

// ErrInvalid is what every refusal of Verify wraps. The text around it says why
// and holds nothing of the token: it is for the log, never for the client, who
// gets the same answer whatever the cause (CONTRACT 3).
var ErrInvalid = errors.New("token: invalid")

// refuse makes an error of Verify.
func refuse(cause string) error { return fmt.Errorf("%w: %s", ErrInvalid, cause) }

// Sign makes a token of the claims with the ring's signing key. Names are cut
// where the token would be longer than 2,000 characters; it is an error if
// that does not suffice, if a registered claim is missing or malformed, or if
// an extra claim is one that a token cannot carry.
func (r *Ring) Sign(c Claims) (string, error) {
	payload, err := c.encode(payloadRoom)
	if err != nil {
		return "", err
	}
	k := r.keys()[0]
	tok, err := paseto.NewV2().Sign(k.secret, payload, []byte(footerStart+k.id+footerEnd))
	if err != nil {
		return "", fmt.Errorf("token: sign: %w", err)
	}
	// It will be used soon, and whose signature it bears is known.
	r.verified.remember(r.verified.digest(tok), k, &c, c.Issuer, []string{c.Audience})
	return tok, nil
}

// Verify gives the registered claims of a token that a key of the ring signed,
// that names this issuer and one of the audiences, and that is valid at now.
// Any other text is an error that wraps ErrInvalid. Each token has exactly one
// accepted spelling. Extra is not returned. A token that comes again costs no
// signature; everything else about it is checked each time.
func (r *Ring) Verify(tok, issuer string, audiences []string, now time.Time) (Claims, error) {
	if len(tok) < minLength || len(tok) > maxLength {
		return Claims{}, refuse("too short or too long")
	}
	text := r.verified.digest(tok)
	if s, ok := r.verified.get(&text); ok {
		return r.verifyAgain(&s, issuer, audiences, now)
	}
	kid, err := readForm(tok)
	if err != nil {
		return Claims{}, err
	}
	k, err := r.verifier(kid, now)
	if err != nil {
		return Claims{}, err
	}
	var payload []byte
	if err := paseto.NewV2().Verify(tok, k.public(), &payload, nil); err != nil {
		return Claims{}, refuse("the signature is not by the key that the footer names")
	}
	c, err := decodeClaims(payload)
	if err != nil {
		return Claims{}, err
	}
	if cause := c.fault(); cause != "" {
		return Claims{}, refuse(cause)
	}
	if err := c.check(issuer, audiences, now); err != nil {
		return Claims{}, err
	}
	r.verified.remember(text, k, &c, issuer, audiences)
	return c, nil
}

// verifyAgain is Verify for a token whose signature was found good before: the
// key must still be in the ring and verify at now, and the claims must be what
// this caller expects.
func (r *Ring) verifyAgain(s *signed, issuer string, audiences []string, now time.Time) (Claims, error) {
	if _, err := r.verifier(s.kid, now); err != nil {
		return Claims{}, err
	}
	c := s.claims()
	if err := c.check(issuer, audiences, now); err != nil {
		return Claims{}, err
	}
	return c, nil
}

// readForm checks all of a token that needs no key, but for its length, and
// gives the key id in its footer. The library accepts several spellings of one
// token, so what reaches it has been found canonical here.
func readForm(tok string) (kid string, err error) {
	for i := range len(tok) {
		if !tokenChar(tok[i]) {
			return "", refuse("a character that no token has")
		}
	}
	rest, ok := strings.CutPrefix(tok, header)
	if !ok {
		return "", refuse("not v2.public")
	}
	body, foot, ok := strings.Cut(rest, ".")
	if !ok || strings.Contains(foot, ".") {
		return "", refuse("not four parts")
	}
	signed, ok := decode64(body)
	footer, ok2 := decode64(foot)
	if !ok || !ok2 || len(signed) < ed25519.SignatureSize {
		return "", refuse("not canonical base64url")
	}
	// Only a footer that Sign wrote can stand under one of our signatures, so
	// it is compared byte by byte: no parser meets it before the signature does.
	kid, ok = strings.CutPrefix(string(footer), footerStart)
	kid, ok2 = strings.CutSuffix(kid, footerEnd)
	if !ok || !ok2 {
		return "", refuse("the footer does not name a key")
	}
	return kid, nil
}

func tokenChar(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.'
}

// verifier finds the key with this id, unless it has served its time.
func (r *Ring) verifier(kid string, now time.Time) (*key, error) {
	for _, k := range r.keys() {
		if k.id != kid {
			continue
		}
		if !k.verifies(now) {
			return nil, refuse("its key has been retired")
		}
		return k, nil
	}
	return nil, refuse("its key is not in the ring")
}

// decodeClaims reads a payload whose signature has been checked. The decoder
// refuses duplicate names at any depth, bad UTF-8 and trailing data.
func decodeClaims(payload []byte) (Claims, error) {
	var members map[string]jsontext.Value
	if err := json.Unmarshal(payload, &members); err != nil {
		return Claims{}, refuse("the payload is not an object in strict JSON")
	}
	var values [7]string // in the order of registered
	for i, name := range registered {
		if members[name].Kind() != '"' {
			return Claims{}, refuse(name + " is missing or not a string")
		}
		text, err := jsontext.AppendUnquote(nil, members[name])
		if err != nil {
			return Claims{}, refuse(name + " is not a string")
		}
		values[i] = string(text)
	}
	c := Claims{Issuer: values[0], Subject: values[1], Audience: values[2], ID: values[3]}
	for i, to := range []*time.Time{&c.IssuedAt, &c.NotBefore, &c.Expires} {
		t, err := time.Parse(timeLayout, values[4+i])
		// time.Parse lets a fraction through that the layout does not show.
		if err != nil || t.Format(timeLayout) != values[4+i] {
			return Claims{}, refuse(registered[4+i] + " is not a time in RFC 3339, UTC and whole seconds")
		}
		*to = t
	}
	return c, nil
}

// check holds the claims against what the caller expects at this time.
func (c *Claims) check(issuer string, audiences []string, now time.Time) error {
	ahead := now.Add(leeway)
	switch {
	case c.Issuer != issuer:
		return refuse("iss is another server")
	case !slices.Contains(audiences, c.Audience):
		return refuse("aud is none of those asked for")
	case c.IssuedAt.After(ahead):
		return refuse("iat lies ahead")
	case c.NotBefore.After(ahead):
		return refuse("nbf lies ahead")
	case !c.Expires.After(now):
		return refuse("expired")
	}
	return nil
}
