package token

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

const (
	// verifiedSets times verifiedWays tokens are remembered, 65,536. With 136
	// bytes for each that is 9.5 MiB when it is full, and nothing before. A third
	// of them in use still finds room in every set; of 32,768 it did not.
	verifiedSets = 8192
	verifiedWays = 8

	// entersAt is the place that a token enters its set at. The places before
	// it are for tokens that came again, so however many different tokens
	// somebody sends once each, those in use stay.
	entersAt = verifiedWays / 2
)

// verified remembers which tokens a key of the ring signed and what they say,
// so that one in use costs a hash and not a signature each time. It holds
// nothing that depends on time, on the ring or on what is expected: all of
// that is asked anew on every use. Nor does it hold any token, only a digest
// of each under a secret of its own; so nobody can choose which set a token
// falls into, and comparing digests tells nobody anything. What was refused is
// not remembered.
type verified struct {
	secret [sha256.Size]byte
	sets   [verifiedSets]verifiedSet
}

// verifiedSet is the tokens whose digests begin alike, the last used first.
type verifiedSet struct {
	mu     sync.Mutex
	tokens []signed
}

// digest names a token's exact text.
type digest [sha256.Size]byte

// signed is what a token says whose signature has been checked. Its strings
// are the ring's and the caller's, so they take no room here.
type signed struct {
	text          digest
	kid           string
	issuer        string
	audience      string
	subject       uuid.UUID
	id            [idBytes]byte
	iat, nbf, exp int64 // seconds since 1970
}

func newVerified() *verified {
	v := new(verified)
	rand.Read(v.secret[:]) // never fails, as in NewKey
	return v
}

// digest is for a token of at most maxLength characters.
func (v *verified) digest(tok string) digest {
	var text [sha256.Size + maxLength]byte
	n := copy(text[:], v.secret[:])
	n += copy(text[n:], tok)
	return sha256.Sum256(text[:n])
}

func (v *verified) set(d *digest) *verifiedSet {
	return &v.sets[binary.BigEndian.Uint16(d[:])%verifiedSets]
}

// get finds a token and makes it the last used of its set.
func (v *verified) get(d *digest) (signed, bool) {
	set := v.set(d)
	set.mu.Lock()
	defer set.mu.Unlock()
	for i := range set.tokens {
		if set.tokens[i].text != *d {
			continue
		}
		found := set.tokens[i]
		copy(set.tokens[1:i+1], set.tokens[:i])
		set.tokens[0] = found
		return found, true
	}
	return signed{}, false
}

// put remembers a token. Where its set is full, the one that was not used for
// longest goes.
func (v *verified) put(s signed) {
	set := v.set(&s.text)
	set.mu.Lock()
	defer set.mu.Unlock()
	for i := range set.tokens {
		if set.tokens[i].text == s.text {
			return // another request was as quick
		}
	}
	if len(set.tokens) == verifiedWays {
		set.tokens = set.tokens[:verifiedWays-1]
	}
	set.tokens = slices.Insert(set.tokens, min(entersAt, len(set.tokens)), s)
}

// remember keeps claims that have been checked in full. The strings that they
// share with the ring and the caller take the place of the token's own.
func (v *verified) remember(d digest, k *key, c *Claims, issuer string, audiences []string) {
	subject, err := uuid.Parse(c.Subject)
	id, ok := ParseID(c.ID)
	if err != nil || !ok {
		return
	}
	v.put(signed{
		text: d, kid: k.id, issuer: issuer, audience: audiences[slices.Index(audiences, c.Audience)], subject: subject, id: id,
		iat: c.IssuedAt.Unix(), nbf: c.NotBefore.Unix(), exp: c.Expires.Unix(),
	})
}

// claims is what the token says. Its times have whole seconds (timeLayout).
func (s *signed) claims() Claims {
	at := func(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }
	return Claims{
		Issuer: s.issuer, Subject: s.subject.String(), Audience: s.audience, ID: FormatID(s.id),
		IssuedAt: at(s.iat), NotBefore: at(s.nbf), Expires: at(s.exp),
	}
}
