// Package password turns passwords into stored hashes and back into a yes or no.
//
// It owns the hash formats (argon2id to write, argon2id and bcrypt to read), the
// bounds a stored hash must keep, how many hashes run at once, and the rules for
// new passwords. It must not know accounts, requests, messages or the store.
//
//	Rule.New      a new password: shape, common ones, one's own names
//	Hasher.For    whose turn it is at the gate: networks share it
//	Hasher.Hash   NFC, a fresh salt, a slot of the gate, argon2id, a PHC string
//	Hasher.Verify the stored hash parsed and bounded before any work is done,
//	              a slot of the gate, the NFC form, then the form as typed
//	Result.Stale  the caller hashes the password again and stores that
//
// Checking against no hash ("") costs what checking against a hash of the current
// parameters costs, so that an unknown account takes as long as a wrong password. A
// hash that is not yet current (bcrypt, other parameters) takes its own time, until
// its owner signs in once and the caller hashes again; Cost measures it, so that the
// caller can hold every refusal back until the slowest would have come.
package password
