package dialect_test

import (
	"strings"
	"testing"

	"kunci/server/auth"
	"kunci/server/dialect"
)

func TestLanguage(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"":                                 "fallback",
		"id":                               "id",
		"ID":                               "id",
		"in":                               "id", // what Indonesian was called before 1989
		"en":                               "en",
		"en-GB":                            "en",
		"id-ID,id;q=0.9,en;q=0.8":          "id",
		"en-US,en;q=0.9,id;q=0.8":          "en",
		"en;q=0.2, id;q=0.9":               "id",
		"fr, de;q=0.9, en;q=0.1":           "en",
		"fr":                               "fallback",
		"*":                                "fallback",
		"en;q=0":                           "fallback",
		"id;q=0, en;q=0.1":                 "en",
		"not a header; q=":                 "fallback",
		"en," + strings.Repeat("fr,", 100): "fallback",
	} {
		if got := dialect.Language(header, "fallback"); got != want {
			t.Errorf("%q: %q, not %q", header, got, want)
		}
	}
}

// Every kind of error has a status in every dialect, and every dialect an
// envelope for it, so that a new kind can't be answered with 0.
func TestEveryKindHasAStatus(t *testing.T) {
	t.Parallel()
	for _, d := range dialect.All {
		for kind := auth.Internal; kind < auth.NotFound; kind++ {
			got := d.Fail(&dialect.Request{}, &auth.Error{Kind: kind, Reason: "internal"})
			if got.Status < 400 || got.Status > 599 || got.Body == nil {
				t.Errorf("%s, kind %d: %+v", d.Name, kind, got)
			}
		}
	}
}

// An unknown media type is refused rather than taken for another.
func TestParseRefusesOtherMedia(t *testing.T) {
	t.Parallel()
	for _, media := range []string{"", "text/plain", "application/json+x"} {
		var r dialect.Request
		if err := r.Parse(media, nil, []byte("{}")); err == nil || err.Kind != auth.Malformed {
			t.Errorf("%q: %v", media, err)
		}
	}
}
