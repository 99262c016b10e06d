package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"kunci/db"
	"kunci/server/password"
)

// Kind is what went wrong, as far as a caller has to tell it apart. Statuses
// are given to kinds at the edge (CONTRACT 4, errors).
type Kind uint8

// The kinds.
const (
	Internal        Kind = iota // a fault of ours
	Malformed                   // the body can't be read in this dialect
	Invalid                     // a field is missing or not valid
	Unauthenticated             // wrong password, unknown or disabled account: one answer
	NoSession                   // no token, or one that does not stand
	NotAdmitted                 // right password, but not here
	Taken                       // e-mail or username
	BadLink                     // reset token unknown, used or expired: one answer
	NotSetUp                    // social sign-in that nobody configured
	Refused                     // a social claim that is not to be believed
	Conflict                    // a social sign-in meets an account it may not take over
	TooLarge                    // the body
	MediaType                   // a content type that the dialect does not read
	TooMany                     // tries
	Busy                        // no capacity now
	NotFound                    // what an operator named does not stand
)

// Field is one field that is at fault: its name in the core's own words, what
// is wrong with it as a message key, and the number that the message names.
type Field struct {
	Name   string
	Reason string
	N      int
}

// Error is what a use case answers when it does not do what was asked. The
// person sees the message of Reason and Fields; Cause is for the log.
type Error struct {
	Kind       Kind
	Reason     string // message key
	Fields     []Field
	RetryAfter time.Duration
	Cause      error
}

func (e *Error) Error() string {
	text := e.Reason
	for _, f := range e.Fields {
		text += fmt.Sprintf(", %s: %s", f.Name, f.Reason)
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

func fail(kind Kind, reason string, cause error) *Error {
	return &Error{Kind: kind, Reason: reason, Cause: cause}
}

// wrongPassword is the one answer to a wrong password and to an unknown,
// disabled or password-less account; the cause tells them apart in the log.
func wrongPassword(cause string) *Error {
	return fail(Unauthenticated, "wrong_password", errors.New(cause))
}

func invalid(fields ...Field) *Error {
	return &Error{Kind: Invalid, Reason: "invalid", Fields: fields}
}

// AsError is err as an *Error; what none of the use cases foresaw becomes
// Internal.
func AsError(err error) *Error {
	var known *Error
	var busy *password.BusyError
	var taken *db.TakenError
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &busy):
		return &Error{Kind: Busy, Reason: "busy", RetryAfter: busy.RetryAfter, Cause: err}
	case errors.As(err, &taken):
		return &Error{Kind: Taken, Reason: "taken", Fields: []Field{{Name: taken.Field, Reason: "taken"}}, Cause: err}
	case errors.Is(err, db.ErrUnavailable), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return &Error{Kind: Busy, Reason: "busy", RetryAfter: 2 * time.Second, Cause: err}
	}
	return fail(Internal, "internal", err)
}
