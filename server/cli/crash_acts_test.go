package cli_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
)

// The kinds of acts that write.
const (
	actSignUp  = "sign-up"
	actShoop   = "shoop register"
	actGoogle  = "google"
	actSignIn  = "sign-in"
	actSignOut = "logout"
	actForgot  = "forgot"
	actReset   = "reset"
	actConfirm = "confirm"

	actDashboard = "dashboard sign-in"
)

// crashAct is one act and what became of it.
type crashAct struct {
	kind     string
	password string // that it sets
	token    string // that it gave, or ended
	acked    bool
	request  string // its X-Request-Id, where it was answered
}

// crashPerson is one account and all that was asked for it, in order. Only
// the last act can be without an answer.
type crashPerson struct {
	email, username, google string
	acts                    []crashAct
	odd                     string // an answer that no act of a person's may get
}

func crashNewPerson() *crashPerson {
	n := fmt.Sprintf("%012x", rand.Uint64()&(1<<48-1))
	return &crashPerson{email: "p" + n + "@example.com", username: "p" + n, google: "g" + n}
}

func crashPassword() string { return fmt.Sprintf("Aa1!%016x", rand.Uint64()) }

// did notes an act and says whether the next may follow.
func (p *crashPerson) did(act crashAct, a crashAnswer) bool {
	act.acked, act.request = a.acked(), a.request
	if !act.acked && a.status != 0 && a.status != http.StatusServiceUnavailable {
		p.odd = fmt.Sprintf("%s was answered %d %s", act.kind, a.status, a.body)
	}
	if act.token == "" {
		act.token = a.credential()
	}
	p.acts = append(p.acts, act)
	return act.acked
}

// signUp registers in one of three ways.
func (p *crashPerson) signUp(s *crashServer) crashAnswer {
	pw := crashPassword()
	kind, a := "", crashAnswer{}
	switch rand.IntN(4) {
	case 0:
		kind = actShoop
		a = s.form("/api/v2/auth/register", map[string]string{"email": p.email, "password": pw, "name": "Shopper", "id_location": "7"})
	case 1:
		kind, pw = actGoogle, ""
		a = p.signInGoogle(s)
	default:
		kind = actSignUp
		a = s.json("/api/auth/register", map[string]string{"username": p.username, "email": p.email, "password": pw, "name": "Person"})
	}
	p.did(crashAct{kind: kind, password: pw}, a)
	return a
}

// signIn signs in by password in one of the dialects that admit everybody.
func (p *crashPerson) signIn(s *crashServer, dialect int, pw string) crashAnswer {
	switch dialect % 4 {
	case 0:
		return s.json("/api/auth/login", map[string]string{"username": p.email, "password": pw})
	case 1:
		return s.json("/api/v1/auth/login", map[string]string{"email": p.email, "password": pw})
	case 2:
		return s.form("/api/v2/auth/login", map[string]string{"email": p.email, "password": pw})
	}
	return s.json("/api/v1/login", map[string]string{"email": p.email, "password": pw})
}

// live does what a person does, until the server says nothing more.
func (p *crashPerson) live(s *crashServer, box *crashOutbox) bool {
	if a := p.signUp(s); !a.acked() {
		return false
	}
	for range 2 + rand.IntN(8) {
		now := p.expect(len(p.acts))
		ok := true
		switch rand.IntN(6) {
		case 0, 1:
			ok = p.signInAnyhow(s, now)
		case 2:
			if len(now.stand) > 0 {
				tok := now.stand[rand.IntN(len(now.stand))]
				ok = p.did(crashAct{kind: actSignOut, token: tok}, s.do(http.MethodPost, "/api/v1/auth/logout", "", tok, nil))
			}
		case 3:
			ok = p.did(crashAct{kind: actForgot}, s.json("/api/auth/forgot-password", map[string]string{"email": p.email}))
		case 4:
			if link := box.link(p.email, "/reset-password", now.forgot); link != "" {
				pw := crashPassword()
				ok = p.did(crashAct{kind: actReset, password: pw}, s.json("/api/auth/reset-password", map[string]string{"token": link, "password": pw}))
			}
		case 5:
			if link := box.link(p.email, "/confirm", now.confirm); link != "" {
				ok = p.did(crashAct{kind: actConfirm}, s.form("/confirm", map[string]string{"token": link}))
			}
		}
		if !ok {
			return false
		}
	}
	return true
}

func (p *crashPerson) signInAnyhow(s *crashServer, now crashState) bool {
	if now.password == "" {
		return p.did(crashAct{kind: actSignIn}, p.signInGoogle(s))
	}
	return p.did(crashAct{kind: actSignIn}, p.signIn(s, rand.IntN(4), now.password))
}

// crashState is what must hold of an account.
type crashState struct {
	stands   bool
	google   bool
	password string
	before   string   // the password that no longer serves
	stand    []string // sessions
	out      []string // sessions that have ended
	confirm  bool     // mails that must be in the outbox, or be on their way
	forgot   bool
	forgots  int // only the first is sure to be mailed: there is a quota
	notices  int
}

// expect is the state after the first n acts, all of which were acknowledged.
func (p *crashPerson) expect(n int) (e crashState) {
	for _, a := range p.acts[:n] {
		switch a.kind {
		case actSignUp, actShoop:
			e = crashState{stands: true, password: a.password, stand: []string{a.token}, confirm: true}
		case actGoogle:
			e = crashState{stands: true, google: true, stand: []string{a.token}}
		case actSignIn:
			e.stand = append(e.stand, a.token)
		case actSignOut:
			for i, tok := range e.stand {
				if tok == a.token {
					e.stand = append(append([]string{}, e.stand[:i]...), e.stand[i+1:]...)
					break
				}
			}
			e.out = append(e.out, a.token)
		case actForgot:
			e.forgots++
			e.forgot = e.forgot || e.forgots == 1
		case actReset:
			if e.password != "" {
				e.before = e.password
			}
			e.google = false // the first proof of an address ends what was not proved
			e.password = a.password
			e.notices++
			e.end()
		case actConfirm:
			e.google = false
			e.end()
		}
	}
	return e
}

// end ends every session, and every link: mails with one may be dropped.
func (e *crashState) end() {
	e.out = append(e.out, e.stand...)
	e.stand, e.confirm, e.forgot = nil, false, false
}

// verify holds a server to what was acknowledged: all of the first n acts, and
// the next, if there is one, all or nothing. It returns what does not hold.
func (p *crashPerson) verify(s *crashServer, box *crashOutbox, n int) (losses []string) {
	lost := func(format string, args ...any) {
		losses = append(losses, p.email+": "+fmt.Sprintf(format, args...))
	}
	e := p.expect(n)
	if n < len(p.acts) {
		after := p.expect(n + 1)
		next := &p.acts[n]
		switch next.kind {
		case actSignUp, actShoop:
			if p.signIn(s, 0, next.password).acked() {
				e = after
				e.stand = nil // its session is known to nobody
			}
		case actGoogle: // either way it signs in, and may have to make the account
			if a := p.signInGoogle(s); !a.acked() {
				lost("its Google id does not sign in: %d", a.status)
			}
			return losses
		case actSignOut:
			e.stand = after.stand
		case actReset:
			if p.signIn(s, 1, next.password).acked() {
				e = after
			}
		case actConfirm:
			if len(e.stand) == 0 {
				e.confirm, e.forgot, e.google = false, false, false
			} else if s.me(e.stand[0]) == http.StatusUnauthorized {
				e = after
			}
		}
	}
	for _, tok := range e.stand {
		if got := s.me(tok); got != http.StatusOK {
			lost("a session is lost: %d", got)
		}
	}
	for _, tok := range e.out {
		if got := s.me(tok); tok != "" && got != http.StatusUnauthorized {
			lost("a session that ended stands: %d", got)
		}
	}
	switch {
	case !e.stands:
		if a := s.json("/api/auth/register", map[string]string{"username": p.username, "email": p.email, "password": crashPassword(), "name": "Person"}); a.status != http.StatusCreated {
			lost("the name of a sign-up that did not happen is taken: %d", a.status)
		}
		return losses
	case e.password != "":
		if got := p.signIn(s, rand.IntN(4), e.password).status; got != http.StatusOK {
			lost("its password does not sign in: %d", got)
		}
	case e.google:
		if a := p.signInGoogle(s); a.status != http.StatusOK {
			lost("its Google id does not sign in: %d", a.status)
		}
	}
	if e.before != "" {
		if got := p.signIn(s, 0, e.before).status; got != http.StatusUnauthorized {
			lost("the password before a reset signs in: %d", got)
		}
	}
	if !box.waitFor(p.email, e) {
		lost("a mail is lost: %+v, there are %+v", [3]any{e.confirm, e.forgot, e.notices}, box.of(p.email))
	}
	return losses
}

func (p *crashPerson) signInGoogle(s *crashServer) crashAnswer {
	return s.json("/api/auth/google", map[string]string{"google_id": p.google, "email": p.email, "name": "Gugel"})
}

// acknowledged is how many of a person's acts were, the first ones.
func (p *crashPerson) acknowledged() (n int) {
	for _, a := range p.acts {
		if a.acked {
			n++
		}
	}
	return n
}

// crashOutbox reads the letters in an outbox, each once.
type crashOutbox struct {
	mu    sync.Mutex
	dir   string
	known map[string]bool
	mails map[string]*crashMails
}

// crashMails are the mails of one address.
type crashMails struct {
	links   map[string][]string // by the path they lead to, the newest last
	notices int
}

func crashNewOutbox(data string) *crashOutbox {
	return &crashOutbox{dir: filepath.Join(data, "outbox"), known: map[string]bool{}, mails: map[string]*crashMails{}}
}

var (
	crashTo   = regexp.MustCompile(`(?m)^To: <([^>]+)>`)
	crashLink = regexp.MustCompile(`(?m)^http://localhost(/[a-z-]+)\?token=([\w-]+)$`)
)

func (b *crashOutbox) of(email string) crashMails {
	b.mu.Lock()
	defer b.mu.Unlock()
	entries, _ := os.ReadDir(b.dir) // not there before the first mail
	for _, entry := range entries {
		name := entry.Name()
		if b.known[name] || !strings.HasSuffix(name, ".eml") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(b.dir, name))
		to := crashTo.FindSubmatch(text)
		if err != nil || to == nil {
			continue
		}
		b.known[name] = true
		m := b.mails[string(to[1])]
		if m == nil {
			m = &crashMails{links: map[string][]string{}}
			b.mails[string(to[1])] = m
		}
		if link := crashLink.FindSubmatch(text); link != nil {
			m.links[string(link[1])] = append(m.links[string(link[1])], string(link[2]))
		} else {
			m.notices++
		}
	}
	if m := b.mails[email]; m != nil {
		return crashMails{links: maps.Clone(m.links), notices: m.notices}
	}
	return crashMails{}
}

// link waits for the newest mailed link, where one is to be expected.
func (b *crashOutbox) link(email, path string, expected bool) string {
	for end := time.Now().Add(time.Second); expected && time.Now().Before(end); time.Sleep(3 * time.Millisecond) {
		if links := b.of(email).links[path]; len(links) > 0 {
			return links[len(links)-1]
		}
	}
	return ""
}

// waitFor waits until all mails that must come are there.
func (b *crashOutbox) waitFor(email string, e crashState) bool {
	for end := time.Now().Add(7 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		m := b.of(email)
		if m.notices >= e.notices && (!e.confirm || len(m.links["/confirm"]) > 0) && (!e.forgot || len(m.links["/reset-password"]) > 0) {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
}
