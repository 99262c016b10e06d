package server_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"kunci/server/dialect"
)

// endpoint is one route of one dialect, as a client of it uses it.
type endpoint struct {
	dialect, method, path string
	form                  bool           // it reads forms, not JSON
	fields                map[string]any // of a request that nothing is wrong with; nil where it reads no body
	required              []string       // in the order in which they are missed
	password              string         // the field that holds one, where it is checked or set
}

func (e *endpoint) name() string { return e.dialect + " " + e.method + " " + e.path }

// request asks the endpoint with its fields, some of them changed; nil takes
// one away.
func (e *endpoint) request(changes map[string]any) request {
	if e.fields == nil {
		return request{method: e.method, path: e.path}
	}
	fields := map[string]any{}
	for name, value := range e.fields {
		fields[name] = value
	}
	for name, value := range changes {
		if fields[name] = value; value == nil {
			delete(fields, name)
		}
	}
	if e.form {
		return postForm(e.path, fields)
	}
	return postJSON(e.path, fields)
}

// secret is the password of every account here; it keeps the dashboard's rule.
const secret = "Benar-Sekali-1"

// wrong is nobody's password, and keeps the rule as well.
const wrong = "Salah-Sekali-1"

// endpoints are every route of every dialect (CONTRACT 4). Each has an
// account of its own, so that tries at one don't slow down another.
var endpoints = []endpoint{
	{dialect: "dashboard", method: "POST", path: "/api/v1/auth/login", fields: map[string]any{"username": "dashboard@example.com", "password": secret},
		required: []string{"username", "password"}, password: "password"},
	{dialect: "pwa", method: "POST", path: "/api/v1/login", fields: map[string]any{"email": "pwa@example.com", "password": secret},
		required: []string{"email", "password"}, password: "password"},
	{dialect: "shoop", method: "POST", path: "/api/v2/auth/forgot_password", form: true, fields: map[string]any{"email": "shoop@example.com"},
		required: []string{"email"}},
	{dialect: "shoop", method: "POST", path: "/api/v2/auth/login", form: true, fields: map[string]any{"email": "shoop@example.com", "password": secret},
		required: []string{"email", "password"}, password: "password"},
	{dialect: "shoop", method: "POST", path: "/api/v2/auth/register", form: true,
		fields:   map[string]any{"email": "new-shoop@example.com", "password": secret, "name": "New", "id_location": "7"},
		required: []string{"email", "password", "name", "id_location"}, password: "password"},
	{dialect: "smart", method: "POST", path: "/api/v1/auth/login", fields: map[string]any{"email": "smart@example.com", "password": secret},
		required: []string{"email", "password"}, password: "password"},
	{dialect: "smart", method: "POST", path: "/api/v1/auth/logout"},
	{dialect: "snapotp", method: "GET", path: "/api/auth/me"},
	{dialect: "snapotp", method: "POST", path: "/api/auth/forgot-password", fields: map[string]any{"email": "snapotp@example.com"},
		required: []string{"email"}},
	{dialect: "snapotp", method: "POST", path: "/api/auth/google", fields: map[string]any{"google_id": "g-new", "email": "g-new@example.com", "name": "New", "id_token": "good"},
		required: []string{"google_id", "email", "name", "id_token"}},
	{dialect: "snapotp", method: "POST", path: "/api/auth/login", fields: map[string]any{"username": "snapotp", "password": secret},
		required: []string{"username", "password"}, password: "password"},
	{dialect: "snapotp", method: "POST", path: "/api/auth/register",
		fields:   map[string]any{"username": "newcomer", "email": "new-snapotp@example.com", "password": secret, "name": "New"},
		required: []string{"username", "email", "password", "name"}, password: "password"},
	{dialect: "snapotp", method: "POST", path: "/api/auth/reset-password", fields: map[string]any{"token": "none", "password": secret},
		required: []string{"token", "password"}, password: "password"},
}

// TestEveryRouteIsTested keeps the table above complete: a dialect or route
// that is added has to be added here, and then to answer every error case.
func TestEveryRouteIsTested(t *testing.T) {
	t.Parallel()
	var have, want []string
	dialects := map[string]bool{}
	for _, e := range endpoints {
		have = append(have, e.method+" "+e.path)
		dialects[e.dialect] = true
	}
	for _, r := range dialect.Routes(dialect.Settings{}) {
		want = append(want, r.Method+" "+r.Path)
	}
	slices.Sort(have)
	slices.Sort(want)
	diff(t, "routes", want, slices.Compact(have))
	for _, name := range dialect.Names() {
		if !dialects[name] {
			t.Errorf("no endpoint of %s is tested", name)
		}
	}
}

// refusal is one line of the contract's table of errors.
type refusal struct {
	name    string
	status  int
	own     map[string]int // where a dialect's status differs
	options []option
	arrange func(*testing.T, *app) // what has to be so for all endpoints
	// ask gives the requests that are refused so; none where the endpoint
	// can't have the case.
	ask     func(*testing.T, *app, *endpoint) []probe
	absent  map[string]string // by dialect or endpoint: why it can't have the case
	retries bool              // Retry-After says when to come again
}

// probe is a request that is refused, and what the refusal has to say.
type probe struct {
	request request
	field   string // that the message names; in snapotp also `errors`
	fixed   string // the document's words, whatever the language
	before  bool   // fails before the body is read: on the shared path it answers as smart
}

// TestConformance holds every endpoint to every case of the contract's table
// of errors. An endpoint without a request for a case must be listed in the
// case with the reason, and one that is listed must have none.
func TestConformance(t *testing.T) {
	t.Parallel()
	for _, r := range refusals {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			a := start(t, append([]option{social, behindProxy, admit(dialect.Names()...)}, r.options...)...)
			people(t, a)
			if r.arrange != nil {
				r.arrange(t, a)
			}
			for i := range endpoints {
				e := &endpoints[i]
				probes := r.ask(t, a, e)
				reason := r.absent[e.name()] + r.absent[e.dialect]
				if len(probes) == 0 && reason == "" {
					t.Errorf("%s: no request, and no reason why it can't have this case", e.name())
				}
				if len(probes) > 0 && reason != "" {
					t.Errorf("%s: has this case, though it is said that %s", e.name(), reason)
				}
				for _, p := range probes {
					r.hold(t, a, e, p)
				}
			}
		})
	}
}

// languages are asked for in turn; without a header the dialect's own speaks.
var languages = []string{"", "id", "en"}

// hold sends one refused request in every language.
func (r *refusal) hold(t *testing.T, a *app, e *endpoint, p probe) {
	t.Helper()
	want := r.status
	if own, ok := r.own[e.dialect]; ok {
		want = own
	}
	said := map[string]string{}
	before := a.dump(t)
	for _, lang := range languages {
		asked := p.request
		if lang != "" {
			asked = asked.with("Accept-Language: " + lang)
		}
		got := a.do(t, asked)
		if got.status != want {
			t.Errorf("%s: status %d, not %d: %s\n%s", e.name(), got.status, want, got.body, asked.body)
			return
		}
		said[lang] = envelopes[e.dialect](t, got, p)
		headers(t, e, got)
		if want == http.StatusInternalServerError {
			onlyLogged(t, a, got)
		}
		if hint := got.header.Get("Retry-After"); (hint != "") != r.retries || hint == "0" {
			t.Errorf("%s: Retry-After %q", e.name(), hint)
		}
	}
	speaks(t, e, p, said)
	diff(t, e.name()+": what the refused requests changed", before, a.dump(t))
}

func headers(t *testing.T, e *endpoint, got *answer) {
	t.Helper()
	challenge := ""
	if got.status == http.StatusUnauthorized {
		challenge = "Bearer"
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json", "Cache-Control": "no-store", "Www-Authenticate": challenge, "X-Content-Type-Options": "nosniff",
	} {
		if given := got.header.Get(name); given != want {
			t.Errorf("%s: %s is %q, not %q", e.name(), name, given, want)
		}
	}
}

// onlyLogged sees to it that the detail of a fault of ours is in the log,
// under the request's id, and nowhere else.
func onlyLogged(t *testing.T, a *app, got *answer) {
	t.Helper()
	if strings.Contains(got.body, faultDetail) {
		t.Errorf("the answer tells of the fault: %s", got.body)
	}
	lines := a.log.lines(got.header.Get("X-Request-Id"))
	if len(lines) != 1 || lines[0]["level"] != "ERROR" || !strings.Contains(fmt.Sprint(lines[0]["cause"]), faultDetail) {
		t.Errorf("the log says of the fault: %v", lines)
	}
}
