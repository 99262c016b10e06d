package server_test

import (
	"strings"
	"testing"
	"time"

	"kunci/server/auth"
	"kunci/server/dialect"
)

// signIns are how each dialect signs in by e-mail and password.
var signIns = map[string]func(email, pw string) request{
	"dashboard": func(email, pw string) request {
		return postJSON("/api/v1/auth/login", map[string]any{"username": email, "password": pw})
	},
	"pwa": func(email, pw string) request {
		return postJSON("/api/v1/login", map[string]any{"email": email, "password": pw})
	},
	"shoop": func(email, pw string) request {
		return postForm("/api/v2/auth/login", map[string]any{"email": email, "password": pw})
	},
	"smart": func(email, pw string) request {
		return postJSON("/api/v1/auth/login", map[string]any{"email": email, "password": pw})
	},
	"snapotp": func(email, pw string) request {
		return postJSON("/api/auth/login", map[string]any{"username": email, "password": pw})
	},
}

// A wrong password, an unknown account, a disabled one and one without a
// password answer in the same bytes, but for the request's id.
func TestRefusedSignInsLookTheSame(t *testing.T) {
	t.Parallel()
	a := start(t)
	people(t, a)
	a.add(t, user{email: "passwordless@example.com"})
	for name, signIn := range signIns {
		var first string
		for _, c := range []struct{ what, email, pw string }{
			{"wrong password", name + "@example.com", wrong},
			{"unknown account", "nobody@example.com", wrong},
			{"disabled account", "gone@example.com", secret},
			{"no password", "passwordless@example.com", secret},
		} {
			got := a.want(t, 401, signIn(c.email, c.pw))
			id := got.header.Get("X-Request-Id")
			got.header.Del("Date")
			var all strings.Builder
			must(t, got.header.Write(&all))
			same := strings.ReplaceAll(all.String()+got.body, id, "<id>")
			if first == "" {
				first = same
			}
			diff(t, name+", "+c.what, first, same)
		}
		a.clock.advance(2 * time.Hour) // so that no name is slowed down
	}
}

// A name is slowed down, never locked out, whatever dialect and spelling the
// tries come in; an unknown name just the same.
func TestTriesAtANameAreCountedAcrossDialects(t *testing.T) {
	t.Parallel()
	a := start(t, behindProxy, admit(dialect.Names()...))
	people(t, a)
	for i, name := range []string{"smart", "nobody"} {
		from := "192.0.2." + string(rune('1'+i))
		for _, spelled := range []string{name + "@example.com", strings.ToUpper(name) + "@EXAMPLE.com"} {
			a.want(t, 401, signIns["snapotp"](spelled, wrong).from(from))
			a.want(t, 401, signIns["shoop"](spelled, wrong).from(from))
		}
		a.want(t, 401, signIns["smart"](name+"@Example.com", wrong).from(from))
		for dialect, signIn := range signIns {
			got := a.want(t, 429, signIn(name+"@example.com", secret).from(from))
			if got.header.Get("Retry-After") != "1" {
				t.Errorf("%s: Retry-After %q", dialect, got.header.Get("Retry-After"))
			}
		}
	}
	a.clock.advance(time.Second)
	a.want(t, 200, signIns["smart"]("smart@example.com", secret))
}

// --shoop-status=200 answers every error of Shoop's with 200, and changes no
// other dialect's.
func TestShoopStatus(t *testing.T) {
	t.Parallel()
	a := start(t, social, behindProxy, limits(auth.Limits{FailuresPerMinute: 1}), func(s *setup) { s.server.Dialects = dialect.Settings{ShoopStatus: 200} })
	people(t, a)
	for _, c := range []struct {
		request    request
		retryAfter bool
	}{
		{request: signIns["shoop"]("shoop@example.com", wrong).from("10.0.0.1")},
		{request: signIns["shoop"]("shoop@example.com", secret).from("10.0.0.1"), retryAfter: true},
		{request: post(shoopLogin, formType, "%zz")},
		{request: post(shoopLogin, formType, "")},
		{request: post(shoopLogin, jsonType, "{}")},
		{request: post(shoopLogin, formType, strings.Repeat("x", 70<<10))},
		{request: postForm(shoopRegister, map[string]any{"email": "smart@example.com", "password": secret, "name": "x", "id_location": "1"})},
		{request: postForm(shoopLogin, map[string]any{"fb_token": "forged", "fb_uid": "x"}).from("10.1.0.1")},
	} {
		got := a.want(t, 200, c.request)
		if got.at("status") != 0.0 || got.header.Get("Www-Authenticate") != "" || (got.header.Get("Retry-After") != "") != c.retryAfter {
			t.Errorf("%v %s", got.header, got.body)
		}
	}
	a.want(t, 401, signIns["smart"]("smart@example.com", wrong).from("10.2.0.1"))
	a.want(t, 405, get(shoopLogin))
}
