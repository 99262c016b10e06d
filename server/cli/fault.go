package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"kunci/server/auth"
	"kunci/server/dialect"
)

// words are an error as one line for an operator.
func words(ctx context.Context, err error) string {
	text := "interrupted"
	if ctx.Err() == nil || !errors.Is(err, context.Canceled) {
		text = refusal(auth.AsError(err))
	}
	for _, room := range []string{"token: ", "mail: ", "db: "} {
		text = strings.TrimPrefix(text, room)
	}
	return neutral(strings.ReplaceAll(text, "\n", "; ")) // joined errors are lines
}

// refusal is what the core did not do, in an operator's words: the fields at
// fault by the names of their flags, else the cause, which here nobody has to
// be kept from.
func refusal(e *auth.Error) string {
	var faults []string
	for _, f := range e.Fields {
		faults = append(faults, strings.ReplaceAll(f.Name, "_", "-")+" "+fieldText(f))
	}
	switch {
	case len(faults) > 0:
		return strings.Join(faults, "; ")
	case e.Kind == auth.Busy:
		return fmt.Sprintf("no capacity now (%v): try again", e.Cause)
	case e.Cause != nil:
		return e.Cause.Error()
	}
	return dialect.Text(e.Reason, dialect.English)
}

// fieldText is what is wrong with a field. An id in a body is no UUID in any
// dialect, so only operators hear of that.
func fieldText(f auth.Field) string {
	if f.Reason == "not_uuid" {
		return "is not a UUID"
	}
	return dialect.FieldText(f, dialect.English)
}
