package server_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"kunci/mail"
	"kunci/server"
	"kunci/server/dialect"
)

// endpointOf is the request that nothing is wrong with, of a row.
func endpointOf(t *testing.T, api, path string) *endpoint {
	t.Helper()
	for i := range endpoints {
		if e := &endpoints[i]; e.dialect == api && e.path == path {
			return e
		}
	}
	t.Fatalf("CONTRACT.md names %s %s, which is no endpoint", api, path)
	return nil
}

// everything has a server show every route that there can be.
func everything(t *testing.T, patterns *[]string) (box *mail.Outbox, all option) {
	t.Helper()
	box, err := mail.NewOutbox(t.TempDir())
	must(t, err)
	return box, func(s *setup) {
		dev(s)
		withIntrospection(s)
		s.server.Outbox = box
		s.server.Observe = func(pattern string) func(int, time.Duration) {
			*patterns = append(*patterns, pattern)
			return func(int, time.Duration) {}
		}
		for _, name := range []string{"mail", "backups", "certificate"} {
			s.server.Parts = append(s.server.Parts, server.Part{Name: name, State: func() server.State { return server.Off }})
		}
	}
}

// TestContractHasEveryRoute compares the tables with the router, which tells
// of its patterns when it is made, and in Allow of the methods of each.
func TestContractHasEveryRoute(t *testing.T) {
	t.Parallel()
	var patterns, have, want, apis, known []string
	_, all := everything(t, &patterns)
	a := start(t, all)
	for _, pattern := range patterns {
		if pattern == "" {
			continue // what matches none
		}
		got := a.want(t, 405, request{method: "BREW", path: strings.ReplaceAll(pattern, ":name", "x")})
		for method := range strings.SplitSeq(got.header.Get("Allow"), ", ") {
			if method != "OPTIONS" {
				have = append(have, method+" "+pattern)
			}
		}
	}
	c := readContract(t)
	for _, r := range c.routes {
		for _, method := range r.methods {
			want = append(want, method+" "+r.path)
		}
		if r.api != "" {
			apis = append(apis, r.name())
		}
	}
	for i := range endpoints {
		known = append(known, endpoints[i].name())
	}
	for _, list := range []*[]string{&have, &want, &apis, &known} {
		slices.Sort(*list)
	}
	diff(t, "the router's routes, and those in the tables", slices.Compact(have), slices.Compact(want))
	diff(t, "the APIs' endpoints, and those in the tables", known, apis)
}

// enveloped are the members of a success that the table of envelopes has.
var enveloped = map[string][]string{
	"smart": {"status", "message"}, "snapotp": {"success"}, "shoop": {"status"},
	"dashboard": {"requestId", "rc", "message"}, "pwa": {"requestID", "rc", "message"},
}

// TestContractRoutes asks each route of each API for what its row says.
func TestContractRoutes(t *testing.T) {
	t.Parallel()
	a := start(t, social, behindProxy, admit(dialect.Names()...))
	people(t, a)
	a.want(t, 200, postJSON("/api/auth/forgot-password", map[string]any{"email": "snapotp@example.com"}))
	for _, r := range readContract(t).routes {
		if r.api == "" {
			continue
		}
		e := endpointOf(t, r.api, r.path)
		asked := e.request(a.standing(t, e))
		switch r.token {
		case "of any API":
			a.want(t, 401, asked)
			asked = asked.bearer(a.signedIn(t))
		case "–":
			asked = asked.bearer("none")
		default:
			t.Errorf("%s: no test knows the token %q", r.name(), r.token)
		}
		r.succeeds(t, a, asked)
		r.reads(t, a, e)
		diff(t, r.name()+": refused", refusedStatuses(e), statuses(r.refused))
		r.shown(t)
	}
}

// succeeds asks once for each status of success, and holds the answers to the
// members that the row names.
func (r *tableRoute) succeeds(t *testing.T, a *app, asked request) {
	t.Helper()
	want := statuses(r.success)
	var seen []string
	for range want {
		got := a.do(t, asked)
		seen = append(seen, strconv.Itoa(got.status))
		have := leaves(got.members, "", map[string]string{})
		for _, name := range enveloped[r.api] {
			if _, there := have[name]; !there {
				t.Errorf("%s: no %s in %s", r.name(), name, got.body)
			}
			delete(have, name)
		}
		diff(t, r.name()+": members of success", have, r.members())
		if lines := a.log.lines(got.header.Get("X-Request-Id")); len(lines) != 1 || lines[0]["dialect"] != r.api {
			t.Errorf("%s was answered by another API: %v", r.name(), lines)
		}
	}
	slices.Sort(seen)
	diff(t, r.name()+": statuses of success", seen, want)
}

// reads sends bodies of every content type.
func (r *tableRoute) reads(t *testing.T, a *app, e *endpoint) {
	t.Helper()
	taken := map[string][]string{"JSON": {jsonType}, "form": {formType, "multipart/form-data; boundary=b"}}[r.body]
	if (taken == nil) != (r.body == "–") || (e.fields == nil) != (r.body == "–") {
		t.Errorf("%s: the body %q", r.name(), r.body)
	}
	for _, media := range []string{jsonType, formType, "multipart/form-data; boundary=b"} {
		got := a.do(t, request{method: e.method, path: e.path, body: "x"}.with("Content-Type: "+media))
		if refused := got.status == 415; r.body != "–" && refused == slices.Contains(taken, media) {
			t.Errorf("%s: %d for a body of %s, where the row says %s", r.name(), got.status, media, r.body)
		}
	}
}

// ofRoutes are the lines of the table of errors that only some routes have.
var ofRoutes = []string{
	"wrong password", "no token", "not admitted", "no membership", "taken", "reset token",
	"social not set up", "social refused", "social conflict",
}

// refusedStatuses are those that TestConformance holds an endpoint to, of the
// lines that only some have.
func refusedStatuses(e *endpoint) (all []string) {
	for _, r := range refusals {
		if slices.Contains(ofRoutes, r.name) && r.absent[e.name()]+r.absent[e.dialect] == "" {
			all = append(all, strconv.Itoa(r.status))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

var linked = regexp.MustCompile(`\[([^\]]+)\]\(([^)]+)\)`)

// shown sees to it that the first example asks the route and succeeds, and
// that all of them ask it.
func (r *tableRoute) shown(t *testing.T) {
	t.Helper()
	links := linked.FindAllStringSubmatch(r.examples, -1)
	if len(links) == 0 {
		t.Errorf("%s has no example", r.name())
	}
	for i, link := range links {
		path := filepath.FromSlash(link[2])
		diff(t, r.name()+": the example's file", filepath.Join(exchanges, r.api, link[1]+".txt"), path)
		if _, err := os.Stat(path); err != nil {
			t.Errorf("%s: %v", r.name(), err)
			continue
		}
		ok := false
		for _, s := range readExchanges(t, path).steps {
			asks := s.request.method == r.methods[0] && s.request.path == r.path
			ok = ok || asks && (i > 0 || slices.Contains(statuses(r.success), s.answer[:3]))
		}
		if !ok {
			t.Errorf("%s: the example %s does not show it", r.name(), link[1])
		}
	}
}
