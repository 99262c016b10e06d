package dialect

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/language"
)

// FuzzJSON compares what is read with what encoding/json reads: whatever is
// accepted is one JSON object in good UTF-8, and its texts are the same.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		`{"email": "a@b.c", "password": "x"}`, `{}`, `[]`, `null`, ``, `{"a": 1, "a": 2}`, `{"a": {"b": 1, "b": 2}}`, `{} {}`,
		`{"a": "\ud83d\ude00", "b": "\u0000"}`, `{"a": "\ud83d"}`, "{\"\xff\": 1}", `{"a": [null, true, 1e400, {}], "b": "\u003c"}`, "\ufeff{}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r := Request{}
		if err := r.Parse("application/json", nil, body); err != nil {
			if bytes.Contains(body, []byte("password-in-clear")) && strings.Contains(err.Error(), "password-in-clear") {
				t.Fatalf("the error quotes the body: %v", err)
			}
			return
		}
		var want map[string]any
		d := json.NewDecoder(bytes.NewReader(body))
		d.UseNumber()
		if err := d.Decode(&want); err != nil || want == nil || !json.Valid(body) || !utf8.Valid(body) {
			t.Fatalf("accepted, though it is no JSON object: %q (%v)", body, err)
		}
		if len(want) != len(r.fields) {
			t.Fatalf("%d members of %q, not %d", len(r.fields), body, len(want))
		}
		for name, value := range want {
			text, isText := value.(string)
			if got := r.fields[name]; got.isText != isText || got.text != text {
				t.Fatalf("%q of %q: %+v, not %#v", name, body, got, value)
			}
		}
	})
}

// FuzzForm compares with net/url: no member is given twice, all is UTF-8.
func FuzzForm(f *testing.F) {
	for _, seed := range []string{"email=a%40b.c&password=x", "", "a=1&a=2", "a=%zz", "a=%ff", "%ff=a", "a;b=c", "a&b&&c=", "a=+%2B", "a=\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		r := Request{}
		if err := r.Parse("application/x-www-form-urlencoded", nil, []byte(body)); err != nil {
			return
		}
		want, err := url.ParseQuery(body)
		if err != nil || len(want) != len(r.fields) {
			t.Fatalf("%q: %d members, not %d (%v)", body, len(r.fields), len(want), err)
		}
		for name, values := range want {
			if got := r.fields[name]; len(values) != 1 || got.text != values[0] || !utf8.ValidString(name+got.text) {
				t.Fatalf("%q of %q: %+v, not %q", name, body, got, values)
			}
		}
	})
}

// FuzzMultipart sees to it that a form of any two fields reads as written,
// and that any body at all is read or refused.
func FuzzMultipart(f *testing.F) {
	f.Add("email", "a@b.c", "password", "x", "b", []byte("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b--"))
	f.Add("a", "1", "a", "2", "", []byte(""))
	f.Add("a", "\xff", "", "\r\n--", "boundary", []byte("--boundary--"))
	f.Fuzz(func(t *testing.T, name1, value1, name2, value2, boundary string, body []byte) {
		raw := Request{}
		_ = raw.Parse("multipart/form-data", map[string]string{"boundary": boundary}, body)
		for name, v := range raw.fields {
			if !utf8.ValidString(v.text) || v.isText && !utf8.ValidString(name) {
				t.Fatalf("bad UTF-8 was read from %q", body)
			}
		}
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		if w.WriteField(name1, value1) != nil || w.WriteField(name2, value2) != nil || w.Close() != nil {
			t.Skip()
		}
		written := Request{}
		failure := written.Parse("Multipart/Form-Data", map[string]string{"boundary": w.Boundary()}, b.Bytes())
		plain := strings.Trim(name1+name2, "abcdefghijklmnopqrstuvwxyz_") == "" && name1 != "" && name2 != ""
		refuse := name1 == name2 || !utf8.ValidString(value1+"|"+value2)
		if !plain {
			return
		}
		if (failure != nil) != refuse {
			t.Fatalf("%q: %v", b.String(), failure)
		}
		if !refuse && (written.fields[name1].text != value1 || written.fields[name2].text != value2) {
			t.Fatalf("%q was read as %v", b.String(), written.fields)
		}
	})
}

// FuzzLanguage asks for one of the two languages, or the fallback where the
// header names neither.
func FuzzLanguage(f *testing.F) {
	for _, seed := range []string{"id", "en-US,en;q=0.9", "id-ID,en;q=0.5", "fr", "*", "", "id;q=0, en", "q=;;,,", strings.Repeat("en,", 200)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		got := Language(header, "neither")
		if len(header) > longestAcceptLanguage {
			if got != "neither" {
				t.Fatalf("%d bytes speak %q", len(header), got)
			}
			return
		}
		tags, weights, err := language.ParseAcceptLanguage(header)
		named := false
		for i, tag := range tags {
			base, _ := tag.Base()
			named = named || base.String() == got && weights[i] > 0
		}
		if got != "neither" && (err != nil || !named || got != Indonesian && got != English) {
			t.Fatalf("%q speaks %q", header, got)
		}
	})
}
