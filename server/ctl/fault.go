package ctl

import (
	"context"
	"errors"
	"strings"

	"kunci/db"
	"kunci/server/auth"
)

// fault is an error on its way from one end to the other.
type fault struct {
	Kind   auth.Kind    `json:"kind"`
	Reason string       `json:"reason"`
	Fields []auth.Field `json:"fields"`
	Cause  string       `json:"cause"` // "": none
	Taken  string       `json:"taken"` // the field whose value another record holds
}

func faultOf(err error) *fault {
	if err == nil {
		return nil
	}
	e := auth.AsError(err)
	f := &fault{Kind: e.Kind, Reason: e.Reason, Fields: e.Fields}
	if e.Cause != nil {
		f.Cause = strings.ToValidUTF8(e.Cause.Error(), "\uFFFD") // the name of a folder may be anything
	}
	var taken *db.TakenError
	if errors.As(err, &taken) {
		f.Taken = taken.Field
	}
	return f
}

// err is the error as it was, for whoever tells errors apart and words them.
// What waited in vain because ctx ended is the end of ctx.
func (f *fault) err(ctx context.Context) error {
	switch {
	case f == nil:
		return nil
	case f.Kind == auth.Busy && ctx.Err() != nil:
		return ctx.Err()
	}
	e := &auth.Error{Kind: f.Kind, Reason: f.Reason, Fields: f.Fields}
	switch {
	case f.Taken != "":
		e.Cause = &db.TakenError{Field: f.Taken}
	case f.Cause != "":
		e.Cause = errors.New(f.Cause)
	}
	return e
}
