package server_test

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// bare holds an answer to the envelope of what belongs to no dialect.
func bare(t *testing.T, got *answer) {
	t.Helper()
	members(t, got, "error")
	if got.header.Get("Content-Type") != "application/json" || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers: %v", got.header)
	}
}

// Paths match as they are written: nothing is cleaned, decoded or redirected,
// since a redirect would have the client send its password again.
func TestUnknownRoutes(t *testing.T) {
	t.Parallel()
	a := start(t)
	for _, path := range []string{
		"/nowhere", "/api", "/api/", "/api/auth/login/", "/api/auth//login", "//api/auth/login", "/api/./auth/login", "/api/x/../auth/login",
		"/../api/auth/login", "/api%2Fauth/login", "/%61pi/auth/login", "/api/auth/login%00", "/api/auth/Login", "/API/AUTH/LOGIN",
		"/api/auth/login;a=b", "/api/v3/auth/login", "/api/v2/auth/forgot-password", "/api/auth/forgot_password", "/introspect",
	} {
		for _, method := range []string{"POST", "GET"} {
			got := a.do(t, request{method: method, path: path, headers: []string{"Content-Type: application/json"}, body: "{}"})
			if got.status != 404 || got.header.Get("Location") != "" {
				t.Errorf("%s %s: %d %s", method, path, got.status, got.header.Get("Location"))
			}
			bare(t, got)
		}
	}
	a.want(t, 422, postJSON("/api/auth/login?a=b", map[string]any{})) // a query is no part of the path
}

func TestWrongMethods(t *testing.T) {
	t.Parallel()
	a := start(t)
	for i := range endpoints {
		e := &endpoints[i]
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"} {
			if method == e.method {
				continue
			}
			got := a.do(t, request{method: method, path: e.path})
			allow := strings.Split(strings.ReplaceAll(got.header.Get("Allow"), " ", ""), ",")
			if got.status != 405 || !slices.Contains(allow, e.method) || slices.Contains(allow, method) {
				t.Errorf("%s %s: %d, Allow %v", method, e.path, got.status, allow)
			}
			if method != "HEAD" {
				bare(t, got)
			}
		}
	}
	a.want(t, 405, request{method: "TRACE", path: "/healthz"})
	a.want(t, 405, post("/readyz", jsonType, "{}"))
}

func TestHealth(t *testing.T) {
	t.Parallel()
	a := start(t)
	diff(t, "healthz", `{"status":"ok"}`, strings.TrimSpace(a.want(t, 200, get("/healthz")).body))
	for ready := false; !ready; {
		got := a.do(t, get("/readyz"))
		switch got.status {
		case 200:
			diff(t, "readyz", `{"status":"ready","parts":{"hashing":"ok","keys":"ok","store":"ok"}}`, strings.TrimSpace(got.body))
			ready = true
		case 503: // the first probe is still under way
			if got.header.Get("Retry-After") == "" {
				t.Error("503 without Retry-After")
			}
			time.Sleep(5 * time.Millisecond)
		default:
			t.Fatalf("readyz: %d", got.status)
		}
	}
	for _, path := range []string{"/healthz", "/readyz", "/.well-known/paseto-keys"} {
		got := a.want(t, 200, request{method: "HEAD", path: path})
		if got.body != "" || got.header.Get("Content-Length") == "0" || got.header.Get("X-Request-Id") == "" {
			t.Errorf("HEAD %s: %v %q", path, got.header, got.body)
		}
	}
}

// A server whose store takes no writes is alive and not ready.
func TestNotReady(t *testing.T) {
	t.Parallel()
	a := start(t, storeFull)
	got := a.want(t, 503, get("/readyz"))
	if got.header.Get("Retry-After") == "" {
		t.Error("503 without Retry-After")
	}
	a.want(t, 200, get("/healthz"))
}

// Every request has an id of its own, and one line in the log under it that
// names the route and the dialect.
func TestOneLogLine(t *testing.T) {
	t.Parallel()
	a := start(t)
	people(t, a)
	seen := map[string]bool{}
	for _, c := range []struct {
		request                 request
		route, dialect, outcome string
	}{
		{signIns["smart"]("smart@example.com", secret), "/api/v1/auth/login", "smart", "ok"},
		{signIns["dashboard"]("dashboard@example.com", secret), "/api/v1/auth/login", "dashboard", "ok"},
		{signIns["snapotp"]("snapotp", wrong), "/api/auth/login", "snapotp", "wrong_password"},
		{get("/healthz"), "/healthz", "", "ok"},
		{get("/nowhere/" + wrong), "", "", "Not Found"},
		{request{method: "BREW", path: "/healthz"}, "", "", "Method Not Allowed"},
	} {
		got := a.do(t, c.request.with("X-Request-Id: of-the-client"))
		id := got.header.Get("X-Request-Id")
		if seen[id] || id == "of-the-client" {
			t.Errorf("the id %q again", id)
		}
		seen[id] = true
		lines := a.log.lines(id)
		if len(lines) != 1 {
			t.Fatalf("%d lines about one request: %v", len(lines), lines)
		}
		dialect, _ := lines[0]["dialect"].(string)
		diff(t, "route, dialect, outcome", []any{c.route, c.dialect, c.outcome}, []any{lines[0]["route"], dialect, lines[0]["outcome"]})
	}
}
