package server

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"strconv"
	"sync"

	"kunci/server/auth"
	"kunci/server/dialect"
)

// pages adds the pages that mailed links open, the front page, and with --dev
// the outbox (CONTRACT 6). None of them has a script or asks for anything
// from elsewhere.
func (s *Server) pages() {
	s.handleGet("/", s.front)
	for _, p := range []*linkPage{&resetLink, &confirmLink} {
		s.handleGet(p.path, s.openLink(p))
		s.handle(http.MethodPost, p.path, s.postLink(p))
	}
	if s.showsOutbox() {
		s.handleGet("/outbox", s.outbox)
		s.handleGet("/outbox/:name", s.letter)
		s.handleGet("/outbox/:name/html", s.letterHTML)
	}
}

var (
	//go:embed page/*.html
	pageFiles embed.FS

	//go:embed page/style.css
	pageStyle string

	// pageTemplates are parsed once, when somebody asks for a page.
	pageTemplates = sync.OnceValue(func() *template.Template {
		return template.Must(template.ParseFS(pageFiles, "page/*.html"))
	})
)

// policy says what a browser may do with a page and who may frame it.
type policy struct{ content, frame string }

// Every page carries its style inline: the hash lets that and no other in.
var (
	pagePolicy   = policy{contentPolicy(pageStyle), "DENY"}
	framesPolicy = policy{contentPolicy(pageStyle) + "; frame-src 'self'", "DENY"}
	// letterPolicy is for the HTML of a mail, which the page of that mail frames.
	letterPolicy = policy{"sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'", "SAMEORIGIN"}
)

// contentPolicy is for a page with one inline style (CSP 3, 6.1 and 6.4).
func contentPolicy(style string) string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; " +
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}

// page is what every template shows.
type page struct {
	Lang    string
	Service string // the public URL, so that a reader sees whose page it is
	Title   string
	Lead    []string // paragraphs
}

// newPage is a page in the reader's language.
func (s *Server) newPage(r *http.Request) page {
	return page{Lang: language(r), Service: s.Auth.PublicURL}
}

// say gives the page its title and paragraphs, by keys of the words.
func (p *page) say(title string, lead ...string) {
	p.Title, p.Lead = p.Say(title), nil
	for _, key := range lead {
		p.Lead = append(p.Lead, p.Say(key))
	}
}

// Say is the text of a key in the page's language.
func (p page) Say(key string) string { return pageText(key, p.Lang) }

// Style is the sheet in a form that the template leaves as it is.
func (page) Style() template.CSS { return template.CSS(pageStyle) }

// language is that of the reader; pages speak English where nothing is said.
func language(r *http.Request) string {
	return dialect.Language(r.Header.Get("Accept-Language"), dialect.English)
}

// show answers with a page made from a template.
func show(x *exchange, status int, name string, data any) {
	writePage(x, status, pagePolicy, render(name, data))
}

func render(name string, data any) []byte {
	var b bytes.Buffer
	if err := pageTemplates().ExecuteTemplate(&b, name, data); err != nil {
		panic(err) // a template of ours that does not fit its data
	}
	return b.Bytes()
}

// writePage answers with HTML. A page's address may hold a token, so nothing
// that the reader follows is told of it (Referrer Policy 3.1).
func writePage(x *exchange, status int, allowed policy, body []byte) {
	h := x.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Content-Security-Policy", allowed.content)
	h.Set("X-Frame-Options", allowed.frame)
	h.Set("Referrer-Policy", "no-referrer")
	h.Add("Vary", "Accept-Language")
	x.WriteHeader(status)
	_, _ = x.Write(body) // the reader may be gone; there is nobody to tell
}

// pageStatuses are the contract's, for what can go wrong on a page
// (CONTRACT 4, errors).
var pageStatuses = map[auth.Kind]int{
	auth.Malformed:   http.StatusBadRequest,
	auth.Invalid:     http.StatusUnprocessableEntity,
	auth.NotAdmitted: http.StatusForbidden,
	auth.BadLink:     http.StatusBadRequest,
	auth.TooLarge:    http.StatusRequestEntityTooLarge,
	auth.MediaType:   http.StatusUnsupportedMediaType,
	auth.TooMany:     http.StatusTooManyRequests,
	auth.Busy:        http.StatusServiceUnavailable,
	auth.NotFound:    http.StatusNotFound,
	auth.Internal:    http.StatusInternalServerError,
}

// pageStatus notes a failure for the log and gives its status.
func pageStatus(x *exchange, e *auth.Error) int {
	x.failure = e
	retryAfter(x, e)
	return pageStatuses[e.Kind]
}

// failText is what is said of a failure: the words of the page for what only
// pages know, else those of the dialects.
func failText(e *auth.Error, lang string) string {
	if _, own := pageWords[e.Reason]; own {
		return pageText(e.Reason, lang)
	}
	return dialect.Text(e.Reason, lang)
}

// messagePage tells one thing, and where to go from there.
type messagePage struct {
	page
	RequestID  string // on a fault of ours: what the log knows it by
	Onward, Go string // a path, and what the way there is called
}

// refuse answers what no form can mend, with a way onward: a path, and the
// key of what it is called.
func (s *Server) refuse(x *exchange, r *http.Request, e *auth.Error, onward, label string) {
	m := messagePage{page: s.newPage(r), Onward: onward}
	m.say("failed_title")
	m.Lead, m.Go = []string{failText(e, m.Lang)}, m.Say(label)
	status := pageStatus(x, e)
	if e.Kind == auth.Internal {
		m.RequestID = x.id
	}
	show(x, status, "message.html", m)
}
