// Package token owns everything that proves something by bytes alone: PASETO
// v2.public tokens and the ring of Ed25519 keys that sign them, Shoop keys,
// the ids of sessions and mailed links, and the tokens inside mailed links. It
// must not know accounts, sessions, the store or HTTP: whether a session still
// stands is for its callers to ask.
//
// The way of a token, in five lines:
//
//	Open, Create   key files → Ring, the signing key first, each file checked
//	Sign           Claims → payload that fits → signature, footer names the key
//	Verify         form → key by the footer → signature → payload → claims
//	Rotate         one new file, which also says until when the former key verifies
//	Prune          deletes the files of keys that no token needs any more
package token
