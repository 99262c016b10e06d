package auth

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"kunci/db"
	"kunci/mail"
)

// An address that is accepted can be compared, stored and mailed as it is.
func FuzzEmail(f *testing.F) {
	for _, seed := range []string{
		"a@b.c", "John.Doe+tag@example.com", `"a b"@c.d`, "a@[127.0.0.1]", "x <a@b.c>", "a@b.c (x)", "a@b@c.d", "=?utf-8?q?a?=@b.c",
		"a@b.c\r\nBcc: d@e.f", "a@xn--bcher-kva.example", "a@-b.c", "büro@b.c", "a@b.c,d@e.f", "{|}@b.c", strings.Repeat("a", 64) + "@b.c",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var c check
		c.email("email", s)
		if c.err() != nil {
			if len(c.fields) != 1 || c.fields[0].Reason == "" {
				t.Errorf("refused with %+v", c.fields)
			}
			return
		}
		if len(s) < 5 || len(s) > 200 || strings.Count(s, "@") != 1 || strings.ContainsAny(s, " \t\r\n<>(),;:\\\"[]") {
			t.Errorf("%q is accepted", s)
		}
		var folded check
		if folded.email("email", db.FoldEmail(s)); folded.err() != nil || db.FoldEmail(db.FoldEmail(s)) != db.FoldEmail(s) {
			t.Errorf("%q is accepted, but not as it is compared", s)
		}
		if (&SignIn{Username: s}).identifierIsName() {
			t.Errorf("%q passes for a username", s)
		}
		if _, err := mail.Compose(mail.Message{
			ID: "1", Kind: mail.PasswordChanged, Lang: "en", To: s, Name: "B", Created: time.Unix(1, 0), Service: "https://b.example",
		}, "kunci@b.example"); err != nil {
			t.Errorf("%q is accepted, but can't be mailed to: %v", s, err)
		}
	})
}

func (in *SignIn) identifierIsName() bool {
	_, isEmail := in.identifier()
	return !isEmail
}

// A username that is accepted can be compared and never passes for an e-mail.
func FuzzUsername(f *testing.F) {
	for _, seed := range []string{
		"budi", "Budi.S", "a_b-c", ".abc", "ab", "a@b", "ＢＵＤＩ", "ﬁsh", "straße", "ΣΊΣΥΦΟΣ", "İstanbul", "ab\u200dc", "\u202eabc", "a\u0301bc",
		"한국어", "١٢٣", "abc\u05d0", strings.Repeat("ß", 32), "0123456789abcdef0123456789abcdef",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var c check
		c.username("username", s)
		if c.err() != nil {
			return
		}
		if n := utf8.RuneCountInString(s); n < 3 || n > 32 || !utf8.ValidString(s) || strings.ContainsAny(s, "@ \t\r\n\x00/\\") {
			t.Errorf("%q is accepted", s)
		}
		folded, ok := db.FoldUsername(s)
		if !ok || folded == "" || strings.Contains(folded, "@") {
			t.Errorf("%q is accepted, and compared as %q", s, folded)
		}
		if again, ok := db.FoldUsername(folded); !ok || again != folded {
			t.Errorf("%q is compared as %q, that as %q", s, folded, again)
		}
		if nameKey(s) != folded || !(&SignIn{Username: s}).identifierIsName() {
			t.Errorf("%q is counted as %q", s, nameKey(s))
		}
	})
}
