package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	urfave "github.com/urfave/cli/v3"
)

// usageError is a command line or setting that can't be carried out, whatever
// the state of the data.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func isUsage(err error) bool {
	var ours *usageError
	return errors.As(err, &ours)
}

// usage is wrong usage of a command, and where its help is.
func usage(cmd *urfave.Command, text string) error {
	return &usageError{fmt.Sprintf("%s (see %s --help)", strings.TrimSpace(text), cmd.FullName())}
}

// libraryFault is what the library of commands says of a command line, in our
// words. It gives no more than a text: one of another form stays as it is.
func libraryFault(cmd *urfave.Command, text string) string {
	if name, ok := strings.CutPrefix(text, "flag provided but not defined: -"); ok {
		return unknownFlag(name)
	}
	if name, ok := strings.CutPrefix(text, "flag needs an argument: "); ok {
		return name + " needs a value"
	}
	for _, missing := range []string{"Required flag ", "Required flags "} {
		rest, ok := strings.CutPrefix(text, missing)
		if names, err := strconv.QuotedPrefix(rest); ok && err == nil {
			return "--" + strings.ReplaceAll(strings.Trim(names, `"`), ", ", ", --") + " is missing"
		}
	}
	if rest, ok := strings.CutPrefix(text, "invalid value "); ok {
		if value, err := strconv.QuotedPrefix(rest); err == nil {
			name, why, _ := strings.Cut(strings.TrimPrefix(rest[len(value):], " for flag -"), ": ")
			return wrongValue(cmd, name, value, why)
		}
	}
	return text
}

func unknownFlag(name string) string {
	for _, s := range settings {
		if s.kind == secret && s.name == name {
			return fmt.Sprintf("--%s is not taken on the command line: set %s or --%s-file", name, s.variable(), name)
		}
	}
	if len(name) == 1 {
		return "there is no flag -" + name
	}
	return "there is no flag --" + name
}

// wrongValue is a flag's value, quoted, that is not of the flag's kind.
func wrongValue(cmd *urfave.Command, name, value, why string) string {
	if why == "can't duplicate this flag" {
		return "--" + name + " is given more than once"
	}
	if strings.HasSuffix(why, ": value out of range") {
		return fmt.Sprintf("--%s: %s is beyond an integer of 64 bits", name, value)
	}
	for _, c := range cmd.Lineage() {
		for _, f := range c.Flags {
			if f.Names()[0] != name {
				continue
			}
			switch f.(type) {
			case *urfave.Int64Flag:
				return fmt.Sprintf("--%s: %s is not an integer", name, value)
			case *urfave.BoolFlag:
				return fmt.Sprintf("--%s: %s is neither true nor false", name, value)
			}
		}
	}
	return fmt.Sprintf("--%s: %s: %s", name, value, why)
}

// noTopic is wrong usage where help was asked for a command that is not there,
// which the library words by itself. Every other error stays as it is.
func noTopic(root *urfave.Command, err error) error {
	var library urfave.ExitCoder
	if !errors.As(err, &library) {
		return err
	}
	name := strings.Trim(strings.TrimPrefix(library.Error(), "No help topic for "), "'")
	return usage(root, fmt.Sprintf("there is no command %q", name))
}
