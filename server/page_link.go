package server

import (
	"context"
	"net/http"

	"kunci/server/auth"
	"kunci/server/dialect"
)

// linkPage is a page that mailed links open. Opening it never asks the store
// and changes nothing, so that whatever looks through mails can follow a link
// without using it up; only the form's POST judges (CONTRACT 6).
type linkPage struct {
	path     string
	template string
	again    auth.Forgot // what is asked for in place of a link that no longer works
	sent     string      // the key of what is said once that is mailed

	describe func(*Server, *formPage) // says what the form is about
	use      func(*Server, context.Context, auth.Caller, pageForm) (told, error)
	stale    func(*Server, *formPage) // says how to go on after a link that no longer works
}

// told is what was done, as keys of the words, and where to go from there.
type told struct {
	title         string
	lead          []string
	onward, label string // a path, "" leads nowhere, and the key of what it is called
}

// formPage is a page with a form for what a link carries, for an e-mail
// address to send another link to, or both.
type formPage struct {
	page
	Action    string
	Ask       bool   // for an address
	Notice    string // what went wrong with the form as a whole
	Faults    map[string][]string
	Token     string
	Email     string
	RequestID string
}

func (s *Server) newForm(r *http.Request, p *linkPage, token string) *formPage {
	f := &formPage{page: s.newPage(r), Action: p.path, Token: token}
	p.describe(s, f)
	return f
}

// fail puts on the form what was wrong with it, and gives the status.
func (f *formPage) fail(x *exchange, e *auth.Error) int {
	f.Notice, f.Faults = failText(e, f.Lang), map[string][]string{}
	for _, field := range e.Fields {
		f.Faults[field.Name] = append(f.Faults[field.Name], dialect.FieldText(field, f.Lang))
	}
	if e.Kind == auth.Internal {
		f.RequestID = x.id
	}
	return pageStatus(x, e)
}

// openLink answers GET, for any token and none.
func (s *Server) openLink(p *linkPage) handler {
	return func(x *exchange, r *http.Request) {
		show(x, http.StatusOK, p.template, s.newForm(r, p, r.URL.Query().Get("token")))
	}
}

// postLink uses a link, or has another one mailed.
func (s *Server) postLink(p *linkPage) handler {
	return func(x *exchange, r *http.Request) {
		form, failure := s.readForm(x, r)
		if failure != nil {
			s.refuse(x, r, failure, p.path, "begin_anew")
			return
		}
		if email, asks := form["email"]; asks {
			s.mailAnother(x, r, p, email)
			return
		}
		f := s.newForm(r, p, form["token"])
		did, err := p.use(s, r.Context(), x.caller(f.Lang), form)
		if err == nil {
			s.tell(x, r, did)
			return
		}
		e := auth.AsError(err)
		status := f.fail(x, e)
		if e.Kind != auth.BadLink {
			show(x, status, p.template, f)
			return
		}
		f.Ask, f.Notice = true, ""
		p.stale(s, f)
		show(x, status, "ask.html", f)
	}
}

// mailAnother asks for another link. Whether the account exists can't be told
// from the answer.
func (s *Server) mailAnother(x *exchange, r *http.Request, p *linkPage, email string) {
	in := p.again
	in.Email = email
	done, err := s.Auth.Forgot(r.Context(), x.caller(language(r)), in)
	x.note = done.Note
	if err != nil {
		f := s.newForm(r, p, "")
		f.say("ask_title")
		f.Ask, f.Email = true, email
		show(x, f.fail(x, auth.AsError(err)), "ask.html", f)
		return
	}
	mailed := told{title: "sent_title", lead: []string{p.sent, "sent_where"}}
	if s.showsOutbox() {
		mailed.onward, mailed.label = "/outbox", "to_outbox"
	}
	s.tell(x, r, mailed)
}

// tell says what was done.
func (s *Server) tell(x *exchange, r *http.Request, did told) {
	m := messagePage{page: s.newPage(r), Onward: did.onward}
	m.say(did.title, did.lead...)
	if did.onward != "" {
		m.Go = m.Say(did.label)
	}
	show(x, http.StatusOK, "message.html", m)
}
