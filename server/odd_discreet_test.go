package server_test

import (
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// traits are what no answer may tell of the program and its machine.
var traits = regexp.MustCompile(`kunci/|goroutine|\bpanic|\.go:\d|/tmp|/home|/root|bbolt|httprouter|paseto/|\bgo1\.|` +
	regexp.QuoteMeta(runtime.Version()) + `|` + regexp.QuoteMeta(faultDetail))

// discreet holds an answer to telling nothing of the kind, and to leading
// nowhere: a redirect would have a client send its password again.
func discreet(t *testing.T, what string, got *answer) {
	t.Helper()
	for _, name := range []string{"Location", "Server", "X-Powered-By", "Via", "Refresh", "Set-Cookie"} {
		if got.header.Get(name) != "" {
			t.Errorf("%s: %s: %q", what, name, got.header.Get(name))
		}
	}
	if got.status >= 300 && got.status < 400 {
		t.Errorf("%s: status %d", what, got.status)
	}
	for name, values := range got.header {
		if found := traits.FindString(name + ": " + strings.Join(values, ", ")); found != "" && name != "Content-Security-Policy" {
			t.Errorf("%s: the header %s tells %q", what, name, found)
		}
	}
	if found := traits.FindString(got.body); found != "" {
		t.Errorf("%s: the body tells %q: %s", what, found, got.body)
	}
}

// everywhere are requests to every route, the dialects' and the fixed ones,
// as they should be and in several ways not.
func everywhere() (all []request) {
	for i := range endpoints {
		e := &endpoints[i]
		fine := e.request(nil)
		all = append(all, fine, request{method: "HEAD", path: e.path}, request{method: "BREW", path: e.path}, request{method: "OPTIONS", path: e.path},
			request{method: e.method, path: e.path + "/"}, e.request(map[string]any{"password": wrong, "token": wrong}), fine.bearer(wrong))
		if e.fields != nil {
			broken := fine
			broken.body = "\xff{"
			all = append(all, broken, fine.without("Content-Type"))
		}
	}
	for _, path := range []string{"/", "/healthz", "/readyz", "/.well-known/paseto-keys", "/reset-password?token=x", "/confirm", "/outbox", "/nowhere", "/%2e%2e/"} {
		for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS", "TRACE", "CONNECT", "DELETE"} {
			all = append(all, request{method: method, path: path})
		}
	}
	const introspect = "/introspect"
	return append(all, postForm("/reset-password", map[string]any{"token": "x", "password": secret}), postForm("/confirm", map[string]any{"token": "x"}),
		postForm("/confirm", map[string]any{"email": "nobody@example.com"}), post("/confirm", formType, "%zz"), get(introspect),
		postForm(introspect, map[string]any{"token": "x"}), postForm(introspect, map[string]any{"token": "x"}).bearer("of-the-services-1"),
		post(introspect, formType, "%zz").bearer("of-the-services-1"))
}

// No answer tells what runs here or where, neither in good times nor while
// the store fails at everything.
func TestAnswersAreDiscreet(t *testing.T) {
	t.Parallel()
	a := start(t, social, func(s *setup) { s.server.IntrospectSecret = "of-the-services-1" })
	people(t, a)
	for _, broken := range []bool{false, true} {
		a.engine.broken.Store(broken)
		seen := map[int]bool{}
		for _, r := range everywhere() {
			got := a.do(t, r)
			seen[got.status] = true
			discreet(t, r.method+" "+r.path, got)
			if got.header.Get("X-Request-Id") == "" || got.header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s %s: headers %v", r.method, r.path, got.header)
			}
		}
		for _, status := range []int{200, 204, 400, 401, 404, 405, 415} {
			if !seen[status] {
				t.Errorf("no answer with %d was looked at", status)
			}
		}
		if seen[500] != broken {
			t.Errorf("answers with 500: %v while the store is broken: %v", seen[500], broken)
		}
	}
	a.engine.broken.Store(false)
}

// Headers are these and no others. What differs each time is only named.
func TestHeadersExactly(t *testing.T) {
	t.Parallel()
	a := start(t, func(s *setup) { s.server.CORSOrigins = []string{"https://app.example"} })
	people(t, a)
	const (
		each    = "Cache-Control: no-store\nX-Content-Type-Options: nosniff\nX-Request-Id\nDate\nContent-Length\n"
		json    = each + "Content-Type: application/json\n"
		api     = json + "Vary: Origin\n"
		ours    = "Access-Control-Allow-Origin: https://app.example\nAccess-Control-Expose-Headers: X-Request-Id, Retry-After\n"
		preface = "Cache-Control: no-store\nX-Content-Type-Options: nosniff\nX-Request-Id\nDate\nVary: Origin"
		page    = each + "Content-Type: text/html; charset=utf-8\nX-Frame-Options: DENY\nReferrer-Policy: no-referrer\nVary: Accept-Language\nContent-Security-Policy\n"
	)
	login, me := signIns["pwa"]("pwa@example.com", secret), get("/api/auth/me")
	preflight := request{method: "OPTIONS", path: "/api/v1/login"}
	for name, c := range map[string]struct {
		request request
		status  int
		want    string
	}{
		"signed in":         {login, 200, api},
		"from an origin":    {login.with("Origin: https://app.example"), 200, api + ours},
		"from another":      {login.with("Origin: https://app.example.net"), 200, api},
		"not signed in":     {signIns["pwa"]("pwa@example.com", wrong), 401, api + "Www-Authenticate: Bearer\n"},
		"no token":          {me, 401, api + "Www-Authenticate: Bearer\n"},
		"not JSON":          {post("/api/v1/login", jsonType, "{"), 400, api},
		"too large":         {post("/api/v1/login", jsonType, strings.Repeat(" ", 64<<10+1)), 413, api},
		"wrong method":      {get("/api/v1/login"), 405, api + "Allow: OPTIONS, POST\n"},
		"preflight":         {preflight, 204, preface + "\nAllow: OPTIONS, POST\n"},
		"preflight of ours": {preflight.with("Origin: https://app.example"), 204, preface + "; Access-Control-Request-Method, Access-Control-Request-Headers\nAllow: OPTIONS, POST\n" + ours + "Access-Control-Allow-Methods: OPTIONS, POST\nAccess-Control-Allow-Headers: Authorization, Content-Type, Accept\nAccess-Control-Max-Age: 600\n"},
		"no such route":     {get("/nowhere"), 404, json},
		"health":            {get("/healthz"), 200, json},
		"keys":              {get("/.well-known/paseto-keys"), 200, strings.Replace(json, "no-store", "public, max-age=60", 1)},
		"front page":        {get("/"), 200, page},
		"a link's page":     {get("/reset-password?token=x"), 200, page},
		"its head":          {request{method: "HEAD", path: "/confirm?token=x"}, 200, page},
		"a stale link":      {postForm("/confirm", map[string]any{"token": "x"}), 400, page},
		"no form":           {post("/confirm", jsonType, "{}"), 415, page},
		"a page's method":   {request{method: "DELETE", path: "/confirm"}, 405, json + "Allow: GET, HEAD, OPTIONS, POST\n"},
	} {
		got := a.want(t, c.status, c.request)
		var lines []string
		for header, values := range got.header {
			line := header + ": " + strings.Join(values, "; ")
			if strings.Contains("\n"+c.want, "\n"+header+"\n") {
				line = header
			}
			lines = append(lines, line)
		}
		want := strings.Split(strings.TrimSpace(c.want), "\n")
		slices.Sort(lines)
		slices.Sort(want)
		diff(t, name, want, lines)
	}
}
