package cli

import (
	"encoding/json"
	"io"
	"strings"

	urfave "github.com/urfave/cli/v3"
)

// indented is a value as indented JSON, whose lines after the first begin with
// a prefix. Characters that would steer a terminal stand only inside strings,
// where JSON can write them as escapes.
func indented(v any, prefix string) (string, error) {
	var raw, b strings.Builder
	e := json.NewEncoder(&raw)
	e.SetEscapeHTML(false)
	e.SetIndent(prefix, "  ")
	if err := e.Encode(v); err != nil {
		return "", err
	}
	for line := range strings.Lines(strings.TrimSuffix(raw.String(), "\n")) {
		text, more := strings.CutSuffix(line, "\n")
		b.WriteString(neutral(text))
		if more {
			b.WriteByte('\n')
		}
	}
	return b.String(), nil
}

// printJSON prints a value as indented JSON.
func printJSON(w io.Writer, v any) error {
	text, err := indented(v, "")
	if err == nil {
		_, err = io.WriteString(w, text+"\n")
	}
	return err
}

// rowsAtOnce is how many rows of a table have their columns in line: those are
// held until they are printed.
const rowsAtOnce = 1000

// listing prints a list as it comes: as JSON, [] where it is empty, or as a
// table.
type listing[T any] struct {
	w     io.Writer
	json  bool
	row   func(T) []any
	table table
	begun bool // the JSON array is open
}

func newListing[T any](cmd *urfave.Command, head []string, row func(T) []any) *listing[T] {
	s := screenOf(cmd)
	return &listing[T]{w: s, json: cmd.Bool("json"), row: row, table: table{head: head, fit: s.line, ink: s.ink}}
}

func (l *listing[T]) add(v T) error {
	if !l.json {
		l.table.add(l.row(v)...)
		if len(l.table.rows) < rowsAtOnce {
			return nil
		}
		return l.flush()
	}
	text, err := indented(v, "  ")
	if err != nil {
		return err
	}
	before := ",\n  "
	if !l.begun {
		l.begun, before = true, "[\n  "
	}
	_, err = io.WriteString(l.w, before+text)
	return err
}

// flush prints the rows that are held; the head only once.
func (l *listing[T]) flush() error {
	err := l.table.print(l.w)
	l.table.head, l.table.rows = nil, nil
	return err
}

// end prints what is left of a list that came whole.
func (l *listing[T]) end() error {
	after := "[]\n"
	switch {
	case !l.json && (l.table.head != nil || l.table.rows != nil):
		return l.flush()
	case !l.json:
		return nil
	case l.begun:
		after = "\n]\n"
	}
	_, err := io.WriteString(l.w, after)
	return err
}

// printList prints a list.
func printList[T any](cmd *urfave.Command, list []T, head []string, row func(T) []any) error {
	l := newListing(cmd, head, row)
	for _, v := range list {
		if err := l.add(v); err != nil {
			return err
		}
	}
	return l.end()
}
