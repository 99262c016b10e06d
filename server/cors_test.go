package server_test

import (
	"net/http"
	"strings"
	"testing"
)

// corsHeaders are those that a browser gets, as one text.
func corsHeaders(h http.Header) string {
	var all []string
	for _, name := range []string{"Allow-Origin", "Expose-Headers", "Allow-Methods", "Allow-Headers", "Allow-Credentials"} {
		if value := h.Get("Access-Control-" + name); value != "" {
			all = append(all, value)
		}
	}
	return strings.Join(all, " | ")
}

const listedOrigin = "https://app.example"

func TestWhichOriginsMayCall(t *testing.T) {
	t.Parallel()
	plain := start(t, func(s *setup) { s.server.CORSOrigins = []string{listedOrigin} })
	loopback := start(t, dev)
	const exposed = " | X-Request-Id, Retry-After"
	for _, c := range []struct {
		origin         string
		plain, withDev bool
	}{
		{listedOrigin, true, false},
		{"https://app.example:443", false, false},
		{"https://APP.example", false, false},
		{"http://app.example", false, false},
		{"https://app.example.evil.example", false, false},
		{"https://evil.example/https://app.example", false, false},
		{"null", false, false},
		{"*", false, false},
		{"http://localhost:5173", false, true},
		{"https://localhost", false, true},
		{"http://127.0.0.1:3000", false, true},
		{"http://[::1]:3000", false, true},
		{"http://localhost.evil.example", false, false},
		{"http://127.0.0.1.evil.example", false, false},
		{"http://localhost:5173/", false, false},
		{"http://x@localhost", false, false},
		{"ftp://localhost", false, false},
		{"http://10.0.0.1", false, false},
	} {
		for server, allowed := range map[*app]bool{plain: c.plain, loopback: c.withDev} {
			want := ""
			if allowed {
				want = c.origin + exposed
			}
			for _, asked := range []request{get("/api/auth/me"), post("/api/v2/auth/login", formType, "a=b"), post("/api/v1/login", "text/plain", "")} {
				got := server.do(t, asked.with("Origin: "+c.origin))
				diff(t, asked.path+" from "+c.origin, want, corsHeaders(got.header))
				if !strings.Contains(got.header.Get("Vary"), "Origin") {
					t.Errorf("%s from %s: Vary is %q", asked.path, c.origin, got.header.Get("Vary"))
				}
			}
		}
	}
}

func TestPreflight(t *testing.T) {
	t.Parallel()
	a := start(t, func(s *setup) { s.server.CORSOrigins = []string{listedOrigin, "https://other.example"} })
	ask := func(path, origin string) *answer {
		return a.do(t, request{method: "OPTIONS", path: path, headers: []string{
			"Origin: " + origin, "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization,content-type",
		}})
	}
	for i := range endpoints {
		e := &endpoints[i]
		got := ask(e.path, listedOrigin)
		want := listedOrigin + " | X-Request-Id, Retry-After | " + got.header.Get("Allow") + " | Authorization, Content-Type, Accept"
		if got.status != 204 || got.body != "" || !strings.Contains(got.header.Get("Allow"), e.method) {
			t.Errorf("%s: %d, Allow %q, body %q", e.path, got.status, got.header.Get("Allow"), got.body)
		}
		diff(t, e.path, want, corsHeaders(got.header))
		diff(t, e.path+" from elsewhere", "", corsHeaders(ask(e.path, "https://evil.example").header))
	}
	diff(t, "the other origin", "https://other.example", ask("/api/auth/me", "https://other.example").header.Get("Access-Control-Allow-Origin"))
	// What no page of another origin has a use for.
	for path, want := range map[string]int{"/healthz": 204, "/.well-known/paseto-keys": 204, "/nowhere": 404} {
		got := ask(path, listedOrigin)
		if got.status != want || corsHeaders(got.header) != "" {
			t.Errorf("%s: %d %q", path, got.status, corsHeaders(got.header))
		}
	}
}
