package token

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/blake2b"
)

const (
	publicPrefix = "k2.public."
	secretPrefix = "k2.secret."
	idPrefix     = "k2.pid."

	// idDigest is the length in bytes of the digest in a key's id: 264 bits,
	// so that base64 needs no padding (PASERK, types/pid).
	idDigest = 33
)

// encode64 writes b in base64url without padding, the one alphabet of PASETO,
// PASERK and mailed links.
func encode64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// decode64 reads what encode64 wrote and nothing else: the standard decoder
// alone would skip line breaks and, unless strict, stray trailing bits, and so
// let one value be written in several ways.
func decode64(s string) ([]byte, bool) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return b, err == nil
}

// formatPublic writes a public key as PASERK k2.public.
func formatPublic(pub ed25519.PublicKey) string { return publicPrefix + encode64(pub) }

// formatSecret writes a secret key as PASERK k2.secret: seed, then public half.
func formatSecret(secret ed25519.PrivateKey) string { return secretPrefix + encode64(secret) }

// formatID names a public key by its PASERK k2.pid.
func formatID(pub ed25519.PublicKey) (string, error) {
	h, err := blake2b.New(idDigest, nil)
	if err != nil {
		return "", fmt.Errorf("token: key id: %w", err)
	}
	h.Write([]byte(idPrefix + formatPublic(pub)))
	return idPrefix + encode64(h.Sum(nil)), nil
}

// parseSecret reads a PASERK k2.secret. It refuses one whose public half does
// not belong to its seed: signing with such a pair gives the seed away.
func parseSecret(s string) (ed25519.PrivateKey, bool) {
	text, ok := strings.CutPrefix(s, secretPrefix)
	if !ok {
		return nil, false
	}
	b, ok := decode64(text)
	if !ok || len(b) != ed25519.PrivateKeySize {
		return nil, false
	}
	secret := ed25519.PrivateKey(b)
	return secret, ed25519.NewKeyFromSeed(secret.Seed()).Equal(secret)
}
