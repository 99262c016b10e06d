// Package social checks what a client claims about a Google or a Facebook sign-in.
//
// It owns the asking: the issuer's keys, the Graph API, how long to wait, how much to read, and which
// answers count. It must not know accounts, sessions, HTTP routes or dialects: whether the subject is the
// one that was claimed, and what an unverified e-mail means, is for the caller to decide (CONTRACT 5).
//
// The flow of one check:
//  1. the token's shape and size, before anything is sent anywhere;
//  2. Google: the signature against the issuer's keys, asked for at most once per ten seconds;
//     Facebook: debug_token of the Graph API, once per check;
//  3. every field of the answer that the claim rests on;
//  4. an identity, or an error that wraps ErrRefused or ErrUnavailable.
//
// An error's text is fixed words, numbers and nothing that came from the token, the answer, the settings
// or a URL, so that it can be logged as it is.
package social
