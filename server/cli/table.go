package cli

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf16"

	urfave "github.com/urfave/cli/v3"
)

// jsonFlag is --json.
func jsonFlag() urfave.Flag {
	return &urfave.BoolFlag{Name: "json", Usage: "print JSON, for programs"}
}

// steers says whether a character controls a terminal, begins a new line, is
// not seen, or turns the direction of what follows it.
func steers(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' || r == unicode.ReplacementChar
}

// neutral shows characters that would steer a terminal instead of sending
// them to it.
func neutral(s string) string {
	if !strings.ContainsFunc(s, steers) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if steers(r) {
			for _, unit := range utf16.Encode([]rune{r}) { // as JSON writes it
				_, _ = fmt.Fprintf(&b, `\u%04x`, unit)
			}
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// shown is a value in a table; one that is not there is a hyphen.
func shown(v any) string {
	switch v := v.(type) {
	case time.Time:
		if v.IsZero() {
			return "-"
		}
		return v.UTC().Format(time.RFC3339)
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case string:
		if v == "" {
			return "-"
		}
		// Several spaces would read as the beginning of another column.
		return neutral(strings.Join(strings.Fields(v), " "))
	}
	return neutral(fmt.Sprint(v))
}

// table prints rows under a head, in columns.
type table struct {
	head []string
	rows [][]any
}

func (t *table) add(cells ...any) { t.rows = append(t.rows, cells) }

func (t *table) print(w io.Writer) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if t.head != nil {
		_, _ = fmt.Fprintln(out, strings.Join(t.head, "\t")) // out keeps its error until Flush
	}
	for _, row := range t.rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = shown(cell)
		}
		_, _ = fmt.Fprintln(out, strings.Join(cells, "\t"))
	}
	return out.Flush()
}

// say prints one line for people.
func say(cmd *urfave.Command, format string, args ...any) error {
	_, err := fmt.Fprintln(cmd.Root().Writer, neutral(fmt.Sprintf(format, args...)))
	return err
}
