package mail_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kunci/mail"
)

var update = flag.Bool("update", false, "write the golden files anew")

const (
	sender  = "Kunci <no-reply@example.com>"
	address = "john@example.org"
	link    = "https://auth.example.com/reset-password?token=abcDEF-123_456"
	service = "https://auth.example.com"
)

var created = time.Date(2026, 3, 4, 5, 6, 7, 89_000_000, time.UTC)

// linked holds the kinds, and whether a mail of the kind has a link.
var linked = map[mail.Kind]bool{
	mail.Confirm: true, mail.Reset: true, mail.Profile: true, mail.ConfirmLink: true,
	mail.PasswordChanged: false, mail.Linked: false,
}

// message returns a message of the kind that can be sent as it is.
func message(kind mail.Kind, lang string) mail.Message {
	m := mail.Message{
		ID: "job-1", Kind: kind, Lang: lang, To: address, Name: "John Doe", Created: created, Service: service,
	}
	if linked[kind] {
		m.Link = link
	}
	if kind == mail.Linked || kind == mail.ConfirmLink {
		m.Provider = "Google"
	}
	if kind == mail.Profile {
		m.Profile = []mail.Detail{
			{Label: mail.LabelName, Value: "John Doe"}, {Label: mail.LabelEmail, Value: address}, {Label: mail.LabelPhone},
			{Label: mail.LabelUsername, Value: "johndoe"}, {Label: mail.LabelLocation, Value: "7"},
		}
	}
	return m
}

func compose(t testing.TB, m mail.Message) *mail.Letter {
	t.Helper()
	l, err := mail.Compose(m, sender)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestComposeGolden(t *testing.T) {
	t.Parallel()
	for kind, hasLink := range linked {
		for _, lang := range []string{"id", "en"} {
			t.Run(fmt.Sprintf("%s.%s", kind, lang), func(t *testing.T) {
				l := compose(t, message(kind, lang))
				golden(t, fmt.Sprintf("%s.%s.txt", kind, lang), "Subject: "+l.Subject+"\n\n"+l.Text)
				golden(t, fmt.Sprintf("%s.%s.html", kind, lang), l.HTML)
				if onOneLine := strings.Contains(l.Text, "\n"+link+"\n"); onOneLine != hasLink {
					t.Errorf("link on a line of its own: %v", onOneLine)
				}
				if n := strings.Count(l.HTML, `href="`+link+`"`); (n == 2) != hasLink {
					t.Errorf("%d links in HTML, want the button and the visible one", n)
				}
				if strings.Contains(l.HTML, "src=") || strings.Contains(l.HTML, "url(") {
					t.Error("HTML loads something from elsewhere")
				}
			})
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func TestComposeLetter(t *testing.T) {
	t.Parallel()
	m := message(mail.Reset, "en")
	got := compose(t, m)
	want := &mail.Letter{
		ID: "job-1", From: `"Kunci" <no-reply@example.com>`, To: address, Lang: "en", Subject: "Reset your password",
		Text: got.Text, HTML: got.HTML, MessageID: "job-1@example.com", Date: created,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(got, compose(t, m)); diff != "" {
		t.Errorf("composed again: %s", diff)
	}
}

func TestComposeLanguage(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]string{"id": "id", "ID": "id", "id-ID": "id", "en": "en", "": "en", "fr": "en", "idx": "en"} {
		if got := compose(t, message(mail.Reset, tag)).Lang; got != want {
			t.Errorf("language %q: %q, want %q", tag, got, want)
		}
	}
}

func TestComposeRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*mail.Message){
		"unknown kind":              func(m *mail.Message) { m.Kind = "newsletter" },
		"no id":                     func(m *mail.Message) { m.ID = "" },
		"id with a path":            func(m *mail.Message) { m.ID = "../job" },
		"id with a line break":      func(m *mail.Message) { m.ID = "job\r\nBcc: x@example.com" },
		"long id":                   func(m *mail.Message) { m.ID = strings.Repeat("x", 65) },
		"no time":                   func(m *mail.Message) { m.Created = time.Time{} },
		"no address":                func(m *mail.Message) { m.To = "" },
		"display name":              func(m *mail.Message) { m.To = "John <john@example.org>" },
		"angle brackets":            func(m *mail.Message) { m.To = "<john@example.org>" },
		"two addresses":             func(m *mail.Message) { m.To = "john@example.org,eve@example.org" },
		"comment":                   func(m *mail.Message) { m.To = "john@example.org(x)" },
		"address with line break":   func(m *mail.Message) { m.To = "john@example.org\r\nBcc: eve@example.org" },
		"address with NUL":          func(m *mail.Message) { m.To = "john@example.org\x00" },
		"address with bidi":         func(m *mail.Message) { m.To = "john\u202e@example.org" },
		"address beyond ASCII":      func(m *mail.Message) { m.To = "jöhn@example.org" },
		"quoted local part":         func(m *mail.Message) { m.To = `"john doe"@example.org` },
		"long address":              func(m *mail.Message) { m.To = strings.Repeat("x", 250) + "@example.org" },
		"no link":                   func(m *mail.Message) { m.Link = "" },
		"script":                    func(m *mail.Message) { m.Link = "javascript:alert(1)" },
		"relative link":             func(m *mail.Message) { m.Link = "/reset-password?token=x" },
		"link with credentials":     func(m *mail.Message) { m.Link = "https://example.com@evil.example/" },
		"link with a space":         func(m *mail.Message) { m.Link = link + " x" },
		"link with a line break":    func(m *mail.Message) { m.Link = link + "\nx" },
		"link with a quote":         func(m *mail.Message) { m.Link = link + `"onclick="x` },
		"link too long for a line":  func(m *mail.Message) { m.Link = link + strings.Repeat("x", 900) },
		"no service":                func(m *mail.Message) { m.Service = "" },
		"no URL as service":         func(m *mail.Message) { m.Service = "example" },
		"link without use":          func(m *mail.Message) { m.Kind = mail.PasswordChanged },
		"no provider":               func(m *mail.Message) { m.Kind = mail.ConfirmLink },
		"blank provider":            func(m *mail.Message) { m.Kind, m.Provider = mail.ConfirmLink, " \u200b\n" },
		"details in another mail":   func(m *mail.Message) { m.Profile = []mail.Detail{{Label: mail.LabelName, Value: "x"}} },
		"label that nobody can say": func(m *mail.Message) { m.Kind, m.Profile = mail.Profile, []mail.Detail{{Label: "shoe", Value: "x"}} },
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			m := message(mail.Reset, "en")
			spoil(&m)
			_, err := mail.Compose(m, sender)
			var final *mail.PermanentError
			if !errors.As(err, &final) {
				t.Fatalf("error %v, want a permanent one", err)
			}
			if (m.To != "" && strings.Contains(err.Error(), m.To)) || strings.Contains(err.Error(), "token") {
				t.Errorf("error gives away a value: %v", err)
			}
		})
	}
}

func TestComposeSender(t *testing.T) {
	t.Parallel()
	for from, want := range map[string]string{
		"no-reply@example.com":              "<no-reply@example.com>",
		"Kunci Auth <no-reply@example.com>": `"Kunci Auth" <no-reply@example.com>`,
		"Künci <no-reply@example.com>":      "=?utf-8?q?K=C3=BCnci?= <no-reply@example.com>",
	} {
		l, err := mail.Compose(message(mail.Reset, "en"), from)
		if err != nil || l.From != want {
			t.Errorf("from %q: %v, error %v", from, l, err)
		}
	}
	for _, from := range []string{"", "kunci", "a@example.com, b@example.com", "no-reply@exämple.com", "X\r\nBcc: y@example.com <x@example.com>", "=?utf-8?q?a=0D=0Ab?= <x@example.com>"} {
		_, err := mail.Compose(message(mail.Reset, "en"), from)
		var final *mail.PermanentError
		if err == nil || errors.As(err, &final) {
			t.Errorf("from %q: error %v, want one that a better setting mends", from, err)
		}
	}
}

func TestGreeting(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"":                                  "Hello,",
		"Siti":                              "Hello Siti,",
		" Siti\r\n\r\nVisit us\t":           "Hello Siti Visit us,",
		"Siti\u2028\u0085Visit\x00us":       "Hello Siti Visit us,",
		"\u202eitiS\u2066\u200b":            "Hello itiS,",
		"Siti\xff":                          "Hello Siti\uFFFD,",
		"Dr.Budi":                           "Hello Dr. Budi,",
		"win at evil.example":               "Hello win at evil. example,",
		"see https://evil.example":          "Hello,",
		"WWW.EVIL":                          "Hello,",
		"eve@evil.example":                  "Hello,",
		"{provider} {{.Link}}":              "Hello {provider} {{. Link}},",
		strings.Repeat("é", 65):             "Hello " + strings.Repeat("é", 63) + "…,",
		"\u00a0\u3000":                      "Hello,",
		"<b>Siti</b>":                       "Hello <b>Siti</b>,",
		"Siti \U000e0041\U000e0042 Rahayu.": "Hello Siti Rahayu.,",
	}
	for name, want := range tests {
		m := message(mail.Reset, "en")
		m.Name = name
		if got, _, _ := strings.Cut(compose(t, m).Text, "\n"); got != want {
			t.Errorf("name %q: %q, want %q", name, got, want)
		}
	}
}

func TestValuesAreHarmless(t *testing.T) {
	t.Parallel()
	const evil = "<script>alert('x')</script>\r\n\r\n--kunci-job-1\r\nBcc: eve\u202e"
	const escaped = "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; --kunci-job-1 Bcc: eve"
	profile := message(mail.Profile, "en")
	profile.Profile = []mail.Detail{{Label: mail.LabelName, Value: evil}, {Label: mail.LabelPhone, Value: "\n"},
		// What a stranger signed up with must not reach the address as a link.
		{Label: mail.LabelLocation, Value: "http://evil.example/win"}}
	confirm := message(mail.ConfirmLink, "en")
	confirm.Provider = "<i>{to}\r\nX"
	tests := map[string]struct {
		message    mail.Message
		text, html string
	}{
		"profile":  {profile, "Name: <script>alert('x')</script> --kunci-job-1 Bcc: eve\n", escaped + "</td>"},
		"provider": {confirm, "with a <i>{to} X account", "with a &lt;i&gt;{to} X account"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			l := compose(t, test.message)
			if !strings.Contains(l.Text, test.text) {
				t.Errorf("text: %s", l.Text)
			}
			if !strings.Contains(l.HTML, test.html) {
				t.Errorf("HTML: %s", l.HTML)
			}
			if strings.Contains(l.Text+l.HTML, "\r") || strings.Contains(l.Text+l.HTML, "\u202e") || strings.Contains(l.HTML, "<script") {
				t.Error("a value came through as it was")
			}
			if strings.Contains(l.Text, "evil.example") {
				t.Error("a detail carries a link")
			}
			if strings.Contains(l.Text, "Phone") {
				t.Error("a detail without a value is shown")
			}
		})
	}
}

func FuzzCompose(f *testing.F) {
	f.Add("job-1", address, "John", "Google", link)
	f.Add("a\r\nb", "a@b\r\nBcc: c@d", "x\u202e\n\n.", "<b>", "javascript:x")
	f.Fuzz(func(t *testing.T, id, to, name, provider, link string) {
		m := mail.Message{
			ID: id, Kind: mail.ConfirmLink, To: to, Name: name, Provider: provider, Link: link, Created: created, Service: service,
		}
		l, err := mail.Compose(m, sender)
		if err != nil {
			return
		}
		if strings.ContainsAny(l.From+l.To+l.Subject+l.MessageID, "\r\n") {
			t.Fatalf("a header breaks: %q", l)
		}
		// A value has one line: however it reads, the number of lines is that of the harmless message.
		plain := compose(t, message(mail.ConfirmLink, "en"))
		if strings.Count(l.Text, "\n") != strings.Count(plain.Text, "\n") || strings.Count(l.HTML, "<") != strings.Count(plain.HTML, "<") {
			t.Fatalf("a value changed the form of the letter: %q", l)
		}
	})
}
