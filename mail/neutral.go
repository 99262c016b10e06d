package mail

import (
	"regexp"
	"strings"
	"sync"
	"unicode"
)

// oneLine makes a value from outside fit for one line of a mail: line breaks and control
// characters become spaces, invisible format characters (bidirectional overrides, zero-width
// ones) go, runs of spaces shrink to one, and at most limit code points stay.
func oneLine(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), unicode.IsSpace(r):
			return ' '
		case unicode.In(r, unicode.Cf, unicode.Co):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > limit {
		s = string(runes[:limit-1]) + "…"
	}
	return s
}

var (
	linkLike = compiled(`(?i)://|www\.|@`)
	tightDot = compiled(`\.(\pL)`)
)

// compiled is an expression that is compiled when it is first needed: those with
// classes of letters take long, and every command of the binary would wait.
func compiled(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

// plain is a value of an account as a mail may show it. Anyone can sign up with a stranger's address,
// and mail programs turn what reads like an address into a link: with such a value we would carry it
// there. So a value with a link in it is not shown, and a dot before a letter gets a space, as in
// "Dr. Budi".
func plain(value string, limit int) string {
	value = oneLine(value, limit)
	if linkLike().MatchString(value) {
		return ""
	}
	return tightDot().ReplaceAllString(value, ". $1")
}

const maxCause = 200

var (
	urlIn     = compiled(`(?i)[a-z][a-z0-9+.-]*://\S+`)
	addressIn = compiled(`[^\s<>()\[\]",;:]+@[^\s<>()\[\]",;]*`)
)

// scrub makes a text from outside fit for a log: one short line without any address or link, and
// without the local part of the recipient's address where it stands as a word of its own.
func scrub(text, to string) string {
	text = urlIn().ReplaceAllString(text, "[link]")
	text = addressIn().ReplaceAllString(text, "[address]")
	if local, _, ok := strings.Cut(to, "@"); ok && local != "" {
		// The neighbours are captured, as \b does not hold beside the signs that a local part may have.
		word := regexp.MustCompile(`(?i)(^|[^\pL\pN])` + regexp.QuoteMeta(local) + `($|[^\pL\pN])`)
		for range 2 { // twice, for words that share the sign between them
			text = word.ReplaceAllString(text, "${1}[user]${2}")
		}
	}
	return oneLine(text, maxCause)
}
