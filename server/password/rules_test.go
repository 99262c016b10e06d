package password_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"kunci/server/password"
)

func TestShape(t *testing.T) {
	t.Parallel()
	const ok = password.Violation("")
	const greek = "\u03b1\u0313\u0300\u0345" // 8 bytes, one code point in NFC
	std, shoop, dash := password.Standard, password.Shoop, password.Dashboard
	for _, c := range []struct {
		rule password.Rule
		pw   string
		want password.Violation
	}{
		{std, "12345678", ok},
		{std, "1234567", password.TooShort},
		{std, "", password.TooShort},
		{shoop, "rahasia", ok},
		{shoop, "rahasi", password.TooShort},
		{std, strings.Repeat("a", 200), ok},
		{std, strings.Repeat("a", 201), password.TooLong},
		{std, strings.Repeat("\U0001F511", 200), ok}, // code points, not bytes
		{std, strings.Repeat("\U0001F511", 7), password.TooShort},
		{std, strings.Repeat("e\u0301", 7), password.TooShort}, // 14 typed, 7 in NFC
		{std, strings.Repeat("e\u0301", 200), ok},              // 400 typed, 200 in NFC
		{std, strings.Repeat("a\u0323\u0302\u0300", 147), password.TooLong},
		{std, strings.Repeat("\U0001D160", 100), password.TooLong}, // 100 typed, 300 in NFC
		{std, strings.Repeat(greek, 128), ok},                      // 1,024 bytes typed
		{std, strings.Repeat(greek, 128) + "a", password.TooLong},
		{std, strings.Repeat("a", 1<<20), password.TooLong},
		{std, "  spasi  ", ok},
		{std, "        ", ok},
		{std, "rahasia\x00baru", password.Control},
		{std, "rahasia\tbaru", password.Control},
		{std, "rahasia\nbaru", password.Control},
		{std, "rahasia\x7fbaru", password.Control},
		{std, "rahasia\u0085baru", password.Control},
		{std, "rahasia\u200dbaru", ok}, // a joiner
		{std, "rahasia\xffbaru", password.Encoding},
		{std, "\xed\xa0\x80abcdefgh", password.Encoding}, // half a surrogate pair
		{dash, "Tes12345!", ok},
		{dash, "Tes1234!", ok},
		{dash, "Tes123!", password.TooShort},
		{dash, "tes12345!", password.Classes},
		{dash, "TES12345!", password.Classes},
		{dash, "Tesabcde!", password.Classes},
		{dash, "Tes123456", password.Classes},
		{dash, "Tes 12345", ok},
		{dash, "Дом\u0661\u0662\u0663!", password.TooShort},
		{dash, "Домик\u0661\u0662\u0663\u0664!", ok}, // Cyrillic letters, Arabic digits
		{dash, "Tes12345日", password.Classes},        // a letter without case is not special
		{dash, "Tes12345\U0001F511", ok},
		{dash, "Te\u0301s12345", password.Classes}, // in NFC a letter, not a mark
	} {
		if got := violation(t, c.rule.Shape(c.pw)); got != c.want {
			t.Errorf("%+v.Shape(%.40q) = %q, want %q", c.rule, c.pw, got, c.want)
		}
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	const ok = password.Violation("")
	own := []string{"Shopper.Jaya@Example.com", "Juragan-Toko", "Andre\u0301 Wijaya", "", "Großmann",
		strings.Repeat("\u03aa\u0301", 8), strings.Repeat("\u03b1\u0301\u0345", 8)}
	for _, c := range []struct {
		pw     string
		common bool // common passwords allowed
		want   password.Violation
	}{
		{"kuda lumping 7", false, ok},
		{"short", true, password.TooShort},
		{"rahasia\tbaru", true, password.Control},
		{"password", false, password.Common},
		{"PassWord", false, password.Common},
		{"ｐassword", false, ok}, // NFC keeps full-width letters
		{"password", true, ok},
		{"jennifer", false, password.Common},
		{"whatever", false, password.Common},
		{"password ", false, ok},
		{"shopper.jaya@example.com", false, password.Own},
		{"SHOPPER.JAYA", false, password.Own},
		{"shopper.jaya", true, ok},
		{"shopper.jaya@", false, ok},
		{"example.com", false, ok},
		{"juragan-toko", false, password.Own},
		{"juragan-toko1", false, ok},
		{"André wijaya", false, password.Own},
		{"ANDRE\u0301 WIJAYA", false, password.Own},
		{"Andre Wijaya", false, ok},
		{"GROSSMANN", false, password.Own},
		{strings.Repeat("\u0390", 8), false, password.Own},             // the first of its upper case
		{strings.Repeat("\u03b1\u0345\u0301", 8), false, password.Own}, // marks in the other order
	} {
		if got := violation(t, password.Standard.New(c.pw, c.common, own...)); got != c.want {
			t.Errorf("New(%q, %v) = %q, want %q", c.pw, c.common, got, c.want)
		}
	}
	if err := password.Dashboard.New("kuda lumping", false); !errors.Is(err, password.Classes) {
		t.Errorf("the rule's classes: %v", err)
	}
}

// violation also holds every refusal to being a Violation with a text.
func violation(t *testing.T, err error) password.Violation {
	t.Helper()
	if err == nil {
		return ""
	}
	v, ok := errors.AsType[password.Violation](fmt.Errorf("sign up: %w", err))
	if !ok || !strings.HasPrefix(v.Error(), "password: ") {
		t.Errorf("%v is no Violation", err)
	}
	return v
}

// TestCommonList finds every line of the list, which the search relies on being sorted,
// and nothing that lies between, before or behind the lines.
func TestCommonList(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("common.txt")
	if err != nil {
		t.Fatal(err)
	}
	head, body, _ := strings.Cut(string(text), "\n\n")
	list := strings.Split(strings.TrimSuffix(body, "\n"), "\n")
	if len(list) < 5000 || !slices.IsSorted(list) || len(slices.Compact(slices.Clone(list))) != len(list) {
		t.Fatalf("%d lines, which must be thousands, sorted and different", len(list))
	}
	for _, pw := range list {
		if utf8.RuneCountInString(pw) < 7 || pw != strings.ToLower(pw) {
			t.Errorf("%q does not belong in the list", pw)
		}
		if err := password.Shoop.New(strings.ToUpper(pw), false); !errors.Is(err, password.Common) {
			t.Errorf("%q in upper case: %v", pw, err)
		}
		if next := pw + "\u00a0"; password.Shoop.New(next, false) != nil {
			t.Errorf("%q is taken for a common password", next)
		}
	}
	for line := range strings.Lines(head) {
		if err := password.Shoop.New(strings.TrimSpace(line), false); errors.Is(err, password.Common) {
			t.Errorf("the comment %q is taken for a password", line)
		}
	}
	for _, edge := range []string{"       ", list[0] + "\n" + list[1], "\U0010FFFD\U0010FFFD\U0010FFFD\U0010FFFD\U0010FFFD\U0010FFFD\U0010FFFD"} {
		if err := password.Shoop.New(edge, false); errors.Is(err, password.Common) {
			t.Errorf("%q is taken for a common password", edge)
		}
	}
}
