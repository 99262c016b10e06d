package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
)

const (
	linkMAC   = 16 // bytes of the HMAC that a link's token carries, 128 bits
	linkChars = 43 // base64url of id and MAC
)

// Link gives the token of the mailed link with this id and purpose, 43
// characters. It is derived from the ring's link secret, so neither the data
// file nor the mail queue holds it: whoever reads only those cannot use a link.
// A purpose is a fixed word such as "reset"; a token made for one opens no other.
func (r *Ring) Link(purpose string, id [16]byte) string {
	return encode64(append(id[:], r.linkMAC(purpose, id)...))
}

// OpenLink gives back the id of a token that Link made for the same purpose,
// and false for any other text. Whether the link is still good is for the
// caller to look up under the id.
func (r *Ring) OpenLink(purpose, s string) (id [16]byte, ok bool) {
	if len(s) != linkChars {
		return [16]byte{}, false
	}
	b, ok := decode64(s)
	if !ok || len(b) != idBytes+linkMAC {
		return [16]byte{}, false
	}
	id = [16]byte(b[:idBytes])
	if !hmac.Equal(b[idBytes:], r.linkMAC(purpose, id)) {
		return [16]byte{}, false
	}
	return id, true
}

// Digest stands for a text where the text itself must not be kept: only who
// has the ring's secret can tell what it stands for. Purposes keep digests of
// one text apart.
func (r *Ring) Digest(purpose, text string) (digest [16]byte) {
	mac := hmac.New(sha256.New, r.links[:])
	_, _ = fmt.Fprintf(mac, "digest\x00%s\x00%s", purpose, text)
	copy(digest[:], mac.Sum(nil))
	return digest
}

// linkMAC is the part of a link's token that proves we made it. The zero byte
// and the id's fixed length keep purposes apart that begin alike.
func (r *Ring) linkMAC(purpose string, id [16]byte) []byte {
	h := hmac.New(sha256.New, r.links[:])
	h.Write([]byte(purpose))
	h.Write([]byte{0})
	h.Write(id[:])
	return h.Sum(nil)[:linkMAC]
}
