package server_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"kunci/db"
	"kunci/server/auth"
	"kunci/server/password"
)

// Why an endpoint can't have a case.
const (
	noBody      = "it reads no body and needs no content type"
	noPassword  = "it checks no password"
	noToken     = "it ignores Authorization"
	anyAccount  = "it serves every account"
	noNewName   = "it makes no account"
	noResetLink = "it takes no token from a mail"
	noSocial    = "it takes no social claim"
	notCounted  = "its tries are not counted: a token can't be guessed"
	noHashing   = "it hashes nothing"
	writesNone  = "it writes nothing"
)

// refusals are the contract's table of errors, line by line.
var refusals = []refusal{
	{name: "not readable", status: 400, ask: func(_ *testing.T, _ *app, e *endpoint) []probe {
		switch {
		case e.fields == nil:
			return nil
		case e.form:
			return []probe{{request: post(e.path, formType, "email=%zz")}, {request: post(e.path, "multipart/form-data", "x")}}
		}
		return []probe{{request: post(e.path, jsonType, `{"`+e.required[0]+`": "x"`), before: true}}
	}, absent: map[string]string{
		"smart POST /api/v1/auth/logout": noBody, "snapotp GET /api/auth/me": noBody,
	}},

	{name: "missing", status: 422, own: map[string]int{"shoop": 400, "dashboard": 400, "pwa": 400}, ask: askWithout,
		absent: map[string]string{"smart POST /api/v1/auth/logout": noBody, "snapotp GET /api/auth/me": noBody}},

	{name: "wrong password", status: 401, ask: func(_ *testing.T, _ *app, e *endpoint) []probe {
		switch e.path {
		case "/api/auth/google":
			return []probe{{request: e.request(map[string]any{"google_id": "g-gone", "email": "gone@example.com", "id_token": "gone"})}}
		case "/api/v2/auth/login":
			return []probe{
				{request: e.request(map[string]any{"password": wrong}), fixed: "Your password is invalid."},
				{request: postForm(e.path, map[string]any{"fb_token": "fb-gone", "fb_uid": "fb-gone"}), fixed: "Your password is invalid."},
			}
		case "/api/auth/login", "/api/v1/auth/login", "/api/v1/login":
			return []probe{{request: e.request(map[string]any{"password": wrong})}}
		}
		return nil
	}, absent: except(noPassword, "/api/auth/google", "/api/v2/auth/login", "/api/auth/login", "/api/v1/auth/login", "/api/v1/login")},

	{name: "no token", status: 401, ask: func(_ *testing.T, _ *app, e *endpoint) []probe {
		if e.fields != nil {
			return nil
		}
		forged := "v2.public." + strings.Repeat("A", 100)
		return []probe{{request: e.request(nil)}, {request: e.request(nil).bearer(forged)}, {request: e.request(nil).bearer(strings.Repeat("0", 40))},
			{request: e.request(nil).with("Authorization: Basic YTpi")}, {request: e.request(nil).bearer("")}}
	}, absent: except(noToken, "/api/v1/auth/logout", "/api/auth/me")},

	{name: "not admitted", status: 403, options: []option{admit(), func(s *setup) { s.auth.Registers = nil }}, ask: func(_ *testing.T, _ *app, e *endpoint) []probe {
		switch {
		case e.path == "/api/auth/google" || strings.HasSuffix(e.path, "register"):
			return []probe{{request: e.request(nil)}}
		case !strings.HasSuffix(e.path, "login"):
			return nil
		}
		return []probe{{request: e.request(map[string]any{e.required[0]: "registered@example.com"})}}
	}, absent: map[string]string{
		"shoop POST /api/v2/auth/forgot_password": anyAccount, "smart POST /api/v1/auth/logout": anyAccount, "snapotp GET /api/auth/me": anyAccount,
		"snapotp POST /api/auth/forgot-password": anyAccount, "snapotp POST /api/auth/reset-password": anyAccount,
	}},

	{name: "no membership", status: 403, ask: func(_ *testing.T, _ *app, e *endpoint) []probe {
		if e.dialect != "dashboard" {
			return nil
		}
		return []probe{{request: e.request(map[string]any{"username": "pwa@example.com"})}}
	}, absent: map[string]string{"pwa": anyAccount, "shoop": anyAccount, "smart": anyAccount, "snapotp": anyAccount}},

	{name: "taken", status: 409, ask: func(_ *testing.T, _ *app, e *endpoint) []probe {
		if !strings.HasSuffix(e.path, "register") {
			return nil
		}
		probes := []probe{{request: e.request(map[string]any{"email": "SMART@example.com"}), field: "email"}}
		if e.dialect == "snapotp" {
			probes = append(probes, probe{request: e.request(map[string]any{"username": "SnapOTP"}), field: "username"})
		}
		return probes
	}, absent: except(noNewName, "/api/auth/register", "/api/v2/auth/register")},

	{name: "reset token", status: 400, ask: func(t *testing.T, a *app, e *endpoint) []probe {
		if e.path != "/api/auth/reset-password" {
			return nil
		}
		ask := func(tok string) probe { return probe{request: e.request(map[string]any{"token": tok})} }
		unknown := a.Ring.Link(string(db.PurposeReset), [16]byte(uuid.New()))
		return []probe{ask("none"), ask(unknown), ask(a.Ring.Link(string(db.PurposeConfirm), [16]byte(uuid.New())))}
	}, absent: except(noResetLink, "/api/auth/reset-password")},

	{name: "social not set up", status: 501, options: []option{func(s *setup) { s.auth.GoogleMode, s.auth.FacebookMode = auth.SocialOff, auth.SocialOff }},
		ask: func(_ *testing.T, _ *app, e *endpoint) []probe {
			switch e.path {
			case "/api/auth/google":
				return []probe{{request: e.request(nil)}}
			case "/api/v2/auth/login":
				return []probe{{request: postForm(e.path, map[string]any{"fb_token": "fb-good", "fb_uid": "fb-new"})}}
			}
			return nil
		}, absent: except(noSocial, "/api/auth/google", "/api/v2/auth/login")},

	{name: "social refused", status: 401, ask: func(_ *testing.T, _ *app, e *endpoint) []probe {
		switch e.path {
		case "/api/auth/google":
			return []probe{{request: e.request(map[string]any{"id_token": "forged"})}, {request: e.request(map[string]any{"id_token": "unverified"})}}
		case "/api/v2/auth/login":
			return []probe{{request: postForm(e.path, map[string]any{"fb_token": "fb-good", "fb_uid": "fb-new"})},
				{request: postForm(e.path, map[string]any{"fb_token": "forged", "fb_uid": "fb-linked"})}}
		case "/api/v2/auth/register":
			return []probe{{request: e.request(map[string]any{"fb_token": "forged"})}}
		}
		return nil
	}, absent: except(noSocial, "/api/auth/google", "/api/v2/auth/login", "/api/v2/auth/register")},

	{name: "social conflict", status: 409, ask: func(_ *testing.T, _ *app, e *endpoint) []probe {
		switch e.path {
		case "/api/auth/google":
			return []probe{{request: e.request(map[string]any{"google_id": "g-other", "email": "smart@example.com", "id_token": "other"})}}
		case "/api/v2/auth/register":
			return []probe{{request: e.request(map[string]any{"fb_token": "fb-linked"}), field: "fb_token"}}
		}
		return nil
	}, absent: except(noSocial, "/api/auth/google", "/api/v2/auth/register")},

	{name: "too large", status: 413, ask: func(_ *testing.T, _ *app, e *endpoint) []probe {
		if e.fields == nil {
			return nil
		}
		return []probe{{request: e.request(map[string]any{"filler": strings.Repeat("x", 70<<10)}), before: true}}
	}, absent: map[string]string{"smart POST /api/v1/auth/logout": noBody, "snapotp GET /api/auth/me": noBody}},

	{name: "media type", status: 415, ask: func(_ *testing.T, _ *app, e *endpoint) (probes []probe) {
		if e.fields == nil {
			return nil
		}
		bare := e.request(nil).without("Content-Type")
		others := []string{"text/plain", "application/xml", "application/json5", "application/json, text/plain", "/", formType}
		if e.form {
			others[len(others)-1] = jsonType
		}
		for _, media := range others {
			probes = append(probes, probe{request: bare.with("Content-Type: " + media), before: true})
		}
		twice := e.request(nil).with("Content-Type: text/plain")
		return append(probes, probe{request: bare, before: true}, probe{request: twice, before: true})
	}, absent: map[string]string{"smart POST /api/v1/auth/logout": noBody, "snapotp GET /api/auth/me": noBody}},

	{name: "too many tries", status: 429, retries: true,
		options: []option{limits(auth.Limits{FailuresPerMinute: 1, FailuresPerHour: 1, SignUpsPerHour: 1, ForgotsPerTenMinutes: 1})},
		ask:     askTooOften, absent: map[string]string{"smart POST /api/v1/auth/logout": notCounted, "snapotp GET /api/auth/me": notCounted}},

	{name: "password gate full", status: 503, retries: true, options: []option{func(s *setup) {
		s.hasher = password.New(password.Params{Memory: 64, Time: 1, Threads: 1}, 1)
	}}, arrange: func(t *testing.T, a *app) {
		a.want(t, 200, postJSON("/api/auth/forgot-password", map[string]any{"email": "snapotp@example.com"}))
		jam(t, a)
	}, ask: func(t *testing.T, a *app, e *endpoint) []probe {
		if e.password == "" {
			return nil
		}
		return []probe{{request: e.request(a.standing(t, e))}}
	}, absent: map[string]string{
		"shoop POST /api/v2/auth/forgot_password": noHashing, "smart POST /api/v1/auth/logout": noHashing, "snapotp GET /api/auth/me": noHashing,
		"snapotp POST /api/auth/forgot-password": noHashing, "snapotp POST /api/auth/google": noHashing,
	}},

	{name: "store takes no writes", status: 503, retries: true, arrange: func(t *testing.T, a *app) {
		a.want(t, 200, postJSON("/api/auth/forgot-password", map[string]any{"email": "snapotp@example.com"}))
	}, ask: func(t *testing.T, a *app, e *endpoint) []probe {
		if e.path == "/api/auth/me" {
			return nil
		}
		a.engine.full.Store(false)
		asked := e.request(a.standing(t, e))
		if e.fields == nil {
			asked = asked.bearer(a.signedIn(t))
		}
		a.engine.full.Store(true)
		return []probe{{request: asked}}
	}, absent: map[string]string{"snapotp GET /api/auth/me": writesNone}},

	{name: "fault of ours", status: 500, arrange: func(t *testing.T, a *app) {
		a.want(t, 200, postJSON("/api/auth/forgot-password", map[string]any{"email": "snapotp@example.com"}))
	}, ask: func(t *testing.T, a *app, e *endpoint) []probe {
		a.engine.broken.Store(false)
		asked := e.request(a.standing(t, e))
		if e.fields == nil {
			asked = asked.bearer(a.signedIn(t))
		}
		a.engine.broken.Store(true)
		return []probe{{request: asked}}
	}},
}
