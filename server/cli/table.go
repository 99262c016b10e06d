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
		return v.UTC().Format(longTime)
	case alarm:
		return shown(bool(v))
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case whole:
		return shown(string(v))
	case note:
		return shown(string(v))
	case string:
		if v == "" {
			return "-"
		}
		// Several spaces would read as the beginning of another column.
		return neutral(strings.Join(strings.Fields(v), " "))
	}
	return neutral(fmt.Sprint(v))
}

// How times are shown, in UTC: as wide as these layouts are themselves. The
// shorter ones are for lines of a terminal that have no more room.
const (
	longTime  = "2006-01-02T15:04:05Z" // RFC 3339
	midTime   = "01-02 15:04:05"
	shortTime = "01-02 15:04"
)

// shortened is a time within a width.
func shortened(at time.Time, room int) string {
	if room >= len(midTime) {
		return at.UTC().Format(midTime)
	}
	return at.UTC().Format(shortTime)
}

// whole is a text that is shown whole: of an id or an outcome, a part says
// nothing.
type whole string

// note is a text that is the first to be cut: it tells more of a row whose other
// columns say what it is.
type note string

// alarm is a state that asks to be seen where it holds, such as disabled.
type alarm bool

// say prints one line for people.
func say(cmd *urfave.Command, format string, args ...any) error {
	_, err := fmt.Fprintln(cmd.Root().Writer, neutral(fmt.Sprintf(format, args...)))
	return err
}
