// Package auth is the core of kunci: what can be done with an account. It
// signs up, confirms, signs in by password, Google or Facebook, signs out,
// says who is asking, mails and takes resets, and holds the operator's acts.
// It knows no HTTP and no dialect: what differs between dialects comes in as
// an Audience, what went wrong goes out as an *Error of a short list of kinds.
//
// The way of a sign-in, in five lines:
//
//	limits     is this name, this address, allowed a try now?
//	view       the account, if there is one
//	verify     the password, at the gate; an unknown account costs the same
//	sign       the token, or make a key
//	update     the account again: still there, enabled, hash unchanged; the session, its audit entry
package auth
