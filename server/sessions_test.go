package server_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"kunci/db"
	"kunci/server/dialect"
)

// introspection asks what a token or key stands for.
func introspection(credential string) request {
	return postForm("/introspect", map[string]any{"token": credential}).bearer(introspectSecret)
}

const introspectSecret = "rahasia-antar-layanan"

func withIntrospection(s *setup) { s.server.IntrospectSecret = introspectSecret }

func me(credential string) request { return get("/api/auth/me").bearer(credential) }

func logout(credential string) request {
	return request{method: "POST", path: "/api/v1/auth/logout"}.bearer(credential)
}

// stands asks whether a credential opens what it should, everywhere alike.
func (a *app) stands(t *testing.T, credential string, want bool) {
	t.Helper()
	status := 401
	if want {
		status = 200
	}
	a.want(t, status, me(credential))
	got := a.want(t, 200, introspection(credential))
	if got.at("active") != want {
		t.Errorf("introspection says %s, not %v", got.body, want)
	}
	if !want {
		diff(t, "an inactive answer", `{"active":false}`, strings.TrimSpace(got.body))
	}
}

// all signs one account in through every dialect.
func (a *app) all(t *testing.T, email, pw string) map[string]string {
	t.Helper()
	signedIn := map[string]string{}
	for name, signIn := range signIns {
		signedIn[name] = a.want(t, 200, signIn(email, pw)).credential(t)
	}
	return signedIn
}

// Whatever dialect a session is of, its token or key opens me and introspect
// and closes itself, alone, by logout.
func TestEverySessionServesEverywhere(t *testing.T) {
	t.Parallel()
	a := start(t, withIntrospection)
	people(t, a)
	signedIn := a.all(t, "dashboard@example.com", secret)
	for _, name := range slices.Sorted(maps.Keys(signedIn)) {
		for _, scheme := range []string{"Bearer ", "bearer ", "BEARER  "} {
			got := a.want(t, 200, get("/api/auth/me").with("Authorization: "+scheme+signedIn[name]))
			diff(t, name+": me", any("dashboard@example.com"), got.at("data", "email"))
		}
		a.stands(t, signedIn[name], true)
		a.want(t, 200, logout(signedIn[name]))
		a.stands(t, signedIn[name], false)
		a.want(t, 401, logout(signedIn[name]))
		delete(signedIn, name)
		for _, other := range signedIn {
			a.stands(t, other, true)
		}
	}
}

// What ends sessions ends those of every dialect, with the next request.
func TestWhatEndsSessions(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*testing.T, *app){
		"expiry":      func(_ *testing.T, a *app) { a.clock.advance(30*24*time.Hour + time.Second) },
		"an operator": func(t *testing.T, a *app) { must(t, a.op.RevokeSessions(t.Context(), "dashboard@example.com")) },
		"disabling":   func(t *testing.T, a *app) { must(t, a.op.Disable(t.Context(), "dashboard@example.com")) },
		"deleting":    func(t *testing.T, a *app) { must(t, a.op.Delete(t.Context(), "dashboard@example.com")) },
		"a password by hand": func(t *testing.T, a *app) {
			must(t, a.op.SetPassword(t.Context(), "dashboard@example.com", "Lain-Lagi-1", "id"))
		},
		"a reset": func(t *testing.T, a *app) { a.reset(t, "dashboard@example.com", "Lain-Lagi-1") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := start(t, withIntrospection)
			people(t, a)
			another := a.want(t, 200, signIns["smart"]("smart@example.com", secret)).credential(t)
			for _, credential := range a.all(t, "dashboard@example.com", secret) {
				defer a.stands(t, credential, false)
			}
			end(t, a)
			if name != "expiry" {
				a.stands(t, another, true)
			}
		})
	}
}

// reset sets a new password through snapotp.
func (a *app) reset(t *testing.T, email, pw string) {
	t.Helper()
	a.log.secret(pw)
	a.want(t, 200, postJSON("/api/auth/forgot-password", map[string]any{"email": email}))
	a.want(t, 200, postJSON("/api/auth/reset-password", map[string]any{"token": a.link(t, email, db.PurposeReset), "password": pw}))
}

// Tokens come in one Authorization header, whole and as they were issued.
func TestTokensAreNotTakenFromTheQuery(t *testing.T) {
	t.Parallel()
	a := start(t)
	people(t, a)
	token := a.want(t, 200, signIns["smart"]("smart@example.com", secret)).credential(t)
	for _, name := range []string{"token", "access_token", "api_token", "key"} {
		a.want(t, 401, get("/api/auth/me?"+name+"="+token))
	}
	a.want(t, 401, me(token).with("Authorization: Bearer "+token)) // twice
	a.want(t, 401, get("/api/auth/me").with("Authorization: "+token))
	a.want(t, 401, me(token[:len(token)-1]))
	a.want(t, 401, me(strings.ToUpper(token)))
	a.want(t, 200, me(token))
}

// An account that registered itself signs in where --admit says, and not
// elsewhere; one that an operator made everywhere.
func TestWhoIsAdmittedWhere(t *testing.T) {
	t.Parallel()
	for _, admitted := range [][]string{{"snapotp", "shoop"}, {"snapotp", "shoop", "smart", "pwa"}, dialect.Names(), {}} {
		t.Run(strings.Join(admitted, ","), func(t *testing.T) {
			t.Parallel()
			a := start(t, admit(admitted...))
			a.add(t, user{email: "self@example.com", password: secret, self: true, member: true})
			a.add(t, user{email: "operator@example.com", password: secret, member: true})
			for name, signIn := range signIns {
				want := 403
				if slices.Contains(admitted, name) {
					want = 200
				}
				a.want(t, want, signIn("self@example.com", secret))
				a.want(t, 200, signIn("operator@example.com", secret))
			}
		})
	}
}

// What snapotp registers can sign in to the others, by the same password.
func TestSignUpInOneSignInElsewhere(t *testing.T) {
	t.Parallel()
	a := start(t, admit("snapotp", "shoop", "smart", "pwa"))
	got := a.want(t, 201, register(nil))
	a.want(t, 200, me(got.credential(t)))
	for name, signIn := range signIns {
		want := 200
		if name == "dashboard" {
			want = 403
		}
		a.want(t, want, signIn("fields@EXAMPLE.com", secret))
	}
	company := a.want(t, 200, signIns["pwa"]("fields@example.com", secret)).at("data", "companyId")
	diff(t, "pwa's companyId without a membership", any(reserved), company)
}
