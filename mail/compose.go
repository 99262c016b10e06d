package mail

import (
	_ "embed" // for the layouts
	"errors"
	"fmt"
	htmltemplate "html/template"
	"net/mail"
	"strings"
	"sync"
	texttemplate "text/template"
)

//go:embed layout.txt
var layoutText string

//go:embed layout.html
var layoutHTML string

// The layouts, parsed once, when the first letter needs them: every command of
// the binary would wait for it else.
var (
	textLayout = sync.OnceValue(func() *texttemplate.Template {
		return texttemplate.Must(texttemplate.New("layout.txt").Parse(layoutText))
	})
	htmlLayout = sync.OnceValue(func() *htmltemplate.Template {
		return htmltemplate.Must(htmltemplate.New("layout.html").Parse(layoutHTML))
	})
)

// page is what the layouts show: one greeting, paragraphs, at most one link. Its strings are
// lines already; the HTML layout escapes them.
type page struct {
	Lang, Subject, Hello, Name string
	Intro, Ask, Outro          []string
	Details                    []row
	Link, Button               string
	Footer, Service            string
}

type row struct{ Label, Value string }

// Compose writes the letter for m, from the address that is set as sender ("Kunci
// <no-reply@example.com>" or bare). The same m always gives the same letter.
//
// What is wrong with m itself comes back as a [*PermanentError]: it will be no better next time.
// A sender that is no ASCII address is a plain error: a setting, which can be mended.
func Compose(m Message, from string) (*Letter, error) {
	lang := language(m.Lang)
	w, ok := texts[lang][m.Kind]
	if !ok {
		return nil, permanent(errors.New("mail: kind: unknown"))
	}
	if err := m.check(w); err != nil {
		return nil, permanent(err)
	}
	sender, err := parseSender(from)
	if err != nil {
		return nil, err
	}
	p, err := newPage(m, w, lang)
	if err != nil {
		return nil, permanent(err)
	}
	var text, html strings.Builder
	if err := textLayout().Execute(&text, p); err != nil {
		return nil, permanent(errors.New("mail: text layout failed"))
	}
	if err := htmlLayout().Execute(&html, p); err != nil {
		return nil, permanent(errors.New("mail: HTML layout failed"))
	}
	_, host, _ := strings.Cut(sender.Address, "@")
	return &Letter{
		ID: m.ID, From: sender.String(), To: m.To, Lang: lang,
		Subject: w.Subject, Text: text.String(), HTML: html.String(),
		MessageID: m.ID + "@" + host, Date: m.Created.UTC(),
	}, nil
}

// newPage fills the words of a mail with the values of m, each made one harmless line.
func newPage(m Message, w words, lang string) (*page, error) {
	f := frames[lang]
	// One pass, so that a value that reads like a placeholder stays what it is.
	values := strings.NewReplacer(
		"{provider}", oneLine(m.Provider, maxProvider),
		"{to}", m.To,
		"{time}", m.Created.UTC().Format("2006-01-02 15:04 UTC"),
	)
	fill := func(lines []string) []string {
		filled := make([]string, len(lines))
		for i, line := range lines {
			filled[i] = values.Replace(line)
		}
		return filled
	}
	p := &page{
		Lang: lang, Subject: w.Subject, Hello: f.Hello, Name: plain(m.Name, maxGreeting),
		Intro: fill(w.Intro), Ask: fill(w.Ask), Outro: fill(w.Outro),
		Link: m.Link, Button: w.Button, Footer: f.Footer, Service: m.Service,
	}
	for _, d := range m.Profile {
		label, ok := f.Labels[d.Label]
		if !ok {
			return nil, errors.New("mail: profile: unknown label")
		}
		value := plain(d.Value, maxValue)
		if d.Label == LabelEmail && d.Value == m.To {
			value = m.To // it is the reader's own
		}
		if value != "" {
			p.Details = append(p.Details, row{label, value})
		}
	}
	return p, nil
}

// language picks the texts: Indonesian where the tag says so, else English.
func language(tag string) string {
	base, _, _ := strings.Cut(tag, "-")
	if strings.EqualFold(base, indonesian) {
		return indonesian
	}
	return english
}

// parseSender reads the address that mails come from; a display name is allowed.
func parseSender(from string) (*mail.Address, error) {
	a, err := mail.ParseAddress(from)
	if err != nil || checkAddress(a.Address) != nil {
		return nil, fmt.Errorf("mail: from: %q is no ASCII address", from)
	}
	if oneLine(a.Name, maxValue) != a.Name {
		return nil, errors.New("mail: from: the display name is too long or has characters that do not belong there")
	}
	return a, nil
}
