package server

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"kunci/mail"
	"kunci/server/auth"
)

// showsOutbox says whether mails can be read here: only with --dev, since a
// mail holds what opens an account.
func (s *Server) showsOutbox() bool { return s.Dev && s.Outbox != nil }

// isOwnHost says whether a request was sent to this machine by its own name or
// the public URL's. With --dev no other is answered: a page whose name an
// attacker made point here could read the outbox and use every API, trusted
// social claims among them (DNS rebinding).
func (s *Server) isOwnHost(host string) bool {
	if u, err := url.Parse(s.Auth.PublicURL); err == nil && strings.EqualFold(u.Host, host) {
		return true
	}
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	addr, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return strings.EqualFold(name, "localhost") || err == nil && addr.IsLoopback()
}

// outboxPage lists the mails, newest first.
type outboxPage struct {
	page
	Letters []mail.Entry
}

func (s *Server) outbox(x *exchange, r *http.Request) {
	letters, err := s.Outbox.List()
	if err != nil {
		s.refuse(x, r, auth.AsError(err), "/", "to_front")
		return
	}
	p := outboxPage{page: s.newPage(r), Letters: letters}
	p.say("outbox_title", "outbox_lead")
	show(x, http.StatusOK, "outbox.html", p)
}

// letterPage is one mail.
type letterPage struct {
	page
	mail.Entry
	Lines []letterLine
}

// letterLine is a line of a mail's text.
type letterLine struct {
	Text string
	Link bool
}

func (s *Server) letter(x *exchange, r *http.Request) {
	e, failure := s.readLetter(strings.TrimPrefix(r.URL.Path, "/outbox/"))
	if failure != nil {
		s.refuse(x, r, failure, "/outbox", "to_outbox")
		return
	}
	p := letterPage{page: s.newPage(r), Entry: *e, Lines: letterLines(e.Text, s.Auth.PublicURL)}
	p.Title = e.Subject
	writePage(x, http.StatusOK, framesPolicy, render("letter.html", p))
}

// letterHTML is the HTML of a mail, as it was sent, for the frame on its page.
func (s *Server) letterHTML(x *exchange, r *http.Request) {
	e, failure := s.readLetter(strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/outbox/"), "/html"))
	if failure != nil {
		s.refuse(x, r, failure, "/outbox", "to_outbox")
		return
	}
	writePage(x, http.StatusOK, letterPolicy, []byte(e.HTML))
}

func (s *Server) readLetter(name string) (*mail.Entry, *auth.Error) {
	e, err := s.Outbox.Read(name)
	switch {
	case errors.Is(err, mail.ErrNoLetter):
		return nil, &auth.Error{Kind: auth.NotFound, Reason: "no_letter"}
	case err != nil:
		return nil, auth.AsError(err)
	}
	return e, nil
}

// letterLines makes links of the lines that are an address of ours and nothing
// else, as our mails write them. Whatever else looks like one may come from
// somebody's name.
func letterLines(text, publicURL string) (lines []letterLine) {
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		path, ours := strings.CutPrefix(line, publicURL)
		ours = ours && (path == "" || path[0] == '/') && !strings.ContainsFunc(path, notInURL)
		lines = append(lines, letterLine{Text: line, Link: ours})
	}
	return lines
}

func notInURL(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"<>\^`+"`{|}", r) }
