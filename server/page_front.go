package server

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"kunci/server/auth"
)

// frontAPI is a login API as the front page shows it.
type frontAPI struct {
	Name, About, Path, Curl string
}

// frontPage says what this is and how to try it.
type frontPage struct {
	page
	APIs       []frontAPI
	Demos      []auth.Demo
	Dev        bool
	ShowOutbox bool
}

// sample is a sign-in of one API, in the contract's order (CONTRACT 4).
type sample struct {
	dialect, path, identifier string
	form                      bool // else JSON
}

var samples = []sample{
	{"smart", "/api/v1/auth/login", "email", false},
	{"snapotp", "/api/auth/login", "username", false},
	{"shoop", "/api/v2/auth/login", "email", true},
	{"dashboard", "/api/v1/auth/login", "username", false},
	{"pwa", "/api/v1/login", "email", false},
}

func (s *Server) front(x *exchange, r *http.Request) {
	p := frontPage{page: s.newPage(r), Dev: s.Dev, ShowOutbox: s.showsOutbox()}
	p.say("front_title", "front_lead")
	if s.Dev && s.Demos != nil {
		p.Demos = s.Demos()
	}
	for _, a := range samples {
		who, password := p.credentials(a)
		p.APIs = append(p.APIs, frontAPI{
			Name: a.dialect, About: p.Say("about_" + a.dialect), Path: a.path, Curl: a.curl(s.Auth.PublicURL, who, password),
		})
	}
	show(x, http.StatusOK, "front.html", p)
}

// credentials are those of the API's demo account, or plainly to be replaced.
func (p *frontPage) credentials(a sample) (who, password string) {
	i := slices.IndexFunc(p.Demos, func(d auth.Demo) bool { return d.Dialect == a.dialect })
	if i < 0 {
		return p.Say("your_" + a.identifier), p.Say("your_password")
	}
	if d := p.Demos[i]; d.Username == "" {
		return d.Email, d.Password
	}
	return p.Demos[i].Username, p.Demos[i].Password
}

// curl is a command that signs in when it is pasted into a shell.
func (a sample) curl(base, who, password string) string {
	lines := []string{"curl " + shellWord(base+a.path)}
	if a.form {
		lines = append(lines,
			"--data-urlencode "+shellWord(a.identifier+"="+who),
			"--data-urlencode "+shellWord("password="+password))
	} else {
		body := `{"` + a.identifier + `": ` + jsonString(who) + `, "password": ` + jsonString(password) + `}`
		lines = append(lines, "-H 'Content-Type: application/json'", "-d "+shellWord(body))
	}
	return strings.Join(lines, " \\\n  ")
}

// shellWord quotes a word for a POSIX shell (POSIX.1 2.2.2).
func shellWord(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func jsonString(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err) // no string fails to encode
	}
	return strings.TrimSpace(b.String())
}
