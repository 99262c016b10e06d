package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"kunci/server/auth"
	"kunci/server/dialect"
)

// words are an error as one line for an operator, which says what to do next.
func words(ctx context.Context, err error) string {
	text := "interrupted: run it again"
	if ctx.Err() == nil || !errors.Is(err, context.Canceled) {
		text = refusal(auth.AsError(err))
		text += wayOut(err, text)
	}
	for _, room := range []string{"token: ", "mail: ", "db: "} {
		text = strings.TrimPrefix(text, room)
	}
	return neutral(strings.ReplaceAll(text, "\n", "; ")) // joined errors are lines
}

// helped adds where help is to what is wrong with the fields that a command
// took. Every other error stays as it is.
func helped(err error, command string) error {
	var e *auth.Error
	if errors.As(err, &e) && len(e.Fields) > 0 {
		return fmt.Errorf("%s (see %s --help)", refusal(e), command)
	}
	return err
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

// wayOut is what to do about what the system or the core has said of itself; "" where whoever passed it on has said so.
func wayOut(err error, text string) string {
	var at *fs.PathError
	var two *os.LinkError
	var refused *auth.Error
	said := ""
	switch {
	case errors.As(err, &at):
		said = at.Error()
	case errors.As(err, &two):
		said = two.Error()
	}
	switch {
	case said != "" && strings.HasSuffix(text, said):
		return systemWay(err)
	case errors.As(err, &refused) && refused.Kind == auth.Internal:
		return ": see kunci check, and the log where a server runs"
	}
	return ""
}

// systemWay is what to do about a file or folder that can't be used.
func systemWay(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ": name one that exists"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return ": run this as a user who may, or name another"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return ": make room on that disk, and run this again"
	}
	return ": look after it, or name another"
}
