package auth

import (
	"time"

	"kunci/server/token"
)

// PublishedKey is a public key with which services can verify tokens without
// asking us.
type PublishedKey struct {
	ID     string    `json:"kid"`    // PASERK k2.pid
	Public string    `json:"paserk"` // PASERK k2.public
	Since  time.Time `json:"since"`
}

// PublishedKeys are the keys that still verify, the signing key first.
func (s *Service) PublishedKeys() (keys []PublishedKey) {
	for _, k := range s.Ring.Keys(s.Now()) {
		keys = append(keys, PublishedKey{ID: k.ID, Public: k.Public, Since: k.Created})
	}
	return keys
}

// Keys are the keys that still verify as an operator sees them.
func (o Operator) Keys() []token.Key { return o.Ring.Keys(o.Now()) }
