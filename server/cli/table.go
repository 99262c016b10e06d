package cli

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"

	urfave "github.com/urfave/cli/v3"
)

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
	case alarm:
		return shown(bool(v))
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

// alarm is a state that asks to be seen where it holds, such as disabled.
type alarm bool

// say prints one line for people.
func say(cmd *urfave.Command, format string, args ...any) error {
	_, err := fmt.Fprintln(cmd.Root().Writer, neutral(fmt.Sprintf(format, args...)))
	return err
}
