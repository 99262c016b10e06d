package dialect

import (
	"strings"
	"testing"

	"kunci/server/auth"
)

// Every message says something, in two languages, and a field's message
// holds a place for a number exactly where the core names one.
func TestMessages(t *testing.T) {
	t.Parallel()
	for _, table := range []map[string]said{messages, fieldMessages} {
		for reason, m := range table {
			if m.id == "" || m.en == "" || m.id == m.en {
				t.Errorf("%s: %+v", reason, m)
			}
			if strings.Count(m.id, "%") != strings.Count(m.en, "%") {
				t.Errorf("%s: a number in one language only: %+v", reason, m)
			}
		}
	}
	got := FieldText(auth.Field{Name: "password", Reason: "too_short", N: 8}, English)
	if got != "must have at least 8 characters" {
		t.Errorf("a number reads %q", got)
	}
	for _, lang := range []string{Indonesian, English} {
		if Text("no such reason", lang) != Text("internal", lang) || FieldText(auth.Field{Reason: "no such reason"}, lang) != Text("invalid", lang) {
			t.Errorf("%s: an unknown reason says something of its own", lang)
		}
	}
}
