package ctl_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"kunci/server/auth"
)

// What no client of ours sends is refused before it is read.
func TestRequestsThatAreRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	handler := h.handler()
	disable := `{"who":"1"}`
	must[*auth.User](t)(h.op.AddUser(t.Context(), newUser("siti@example.com")))
	n := 0
	for name, test := range map[string]struct {
		method, path, body string
		edit               func(*http.Request)
		status             int
		outcome            string
	}{
		"from a page":       {edit: func(r *http.Request) { r.Header.Set("Origin", "http://kunci") }, status: 403, outcome: "browser"},
		"from no origin":    {edit: func(r *http.Request) { r.Header.Set("Origin", "") }, status: 403, outcome: "browser"},
		"from a browser":    {edit: func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "none") }, status: 403, outcome: "browser"},
		"by a browser":      {edit: func(r *http.Request) { r.Header.Set("sec-fetch-mode", "navigate") }, status: 403, outcome: "browser"},
		"another host":      {edit: func(r *http.Request) { r.Host = "localhost:8080" }, status: 421, outcome: "foreign_host"},
		"no host":           {edit: func(r *http.Request) { r.Host = "" }, status: 421, outcome: "foreign_host"},
		"hello, by a page":  {method: "GET", path: "/", edit: func(r *http.Request) { r.Header.Set("Origin", "null") }, status: 403, outcome: "browser"},
		"an unknown act":    {path: "/user/promote", status: 404, outcome: "unknown_act"},
		"half an act":       {path: "/user", status: 404, outcome: "unknown_act"},
		"more than an act":  {path: "/user/disable/", status: 404, outcome: "unknown_act"},
		"another method":    {method: "GET", status: 405, outcome: "method"},
		"a form":            {edit: func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, status: 415, outcome: "media_type"},
		"an unknown member": {body: `{"who":"1","forever":true}`, status: 400, outcome: "malformed"},
		"a member twice":    {body: `{"who":"2","who":"1"}`, status: 400, outcome: "malformed"},
		"another's case":    {body: `{"WHO":"1"}`, status: 400, outcome: "malformed"},
		"bad UTF-8":         {body: `{"who":"` + "\xff" + `"}`, status: 400, outcome: "malformed"},
		"more after it":     {body: disable + disable, status: 400, outcome: "malformed"},
		"nothing":           {body: " ", status: 400, outcome: "malformed"},
		"too much":          {body: `{"who":"1` + strings.Repeat(" ", 1<<20) + `"}`, status: 413, outcome: "too_large"},
		"a list of what":    {path: "/user/list", body: `{"who":"1"}`, status: 400, outcome: "malformed"},
	} {
		method, path, body := "POST", "/user/disable", disable
		for _, given := range []struct{ to, from *string }{{&method, &test.method}, {&path, &test.path}, {&body, &test.body}} {
			if *given.from != "" {
				*given.to = *given.from
			}
		}
		r := httptest.NewRequest(method, "http://kunci"+path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		if test.edit != nil {
			test.edit(r)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		n++
		if w.Code != test.status || w.Body.Len() != 0 {
			t.Errorf("%s: %d %s, want %d", name, w.Code, w.Body, test.status)
		}
		if m := h.log.last(t, n); m["outcome"] != test.outcome || m["request"] != w.Header().Get("X-Request-Id") {
			t.Errorf("%s: logged %v, want %s", name, m, test.outcome)
		}
	}
	if must[*auth.User](t)(h.op.User("1")).Disabled {
		t.Error("one of them was done")
	}
	r := httptest.NewRequest("POST", "http://kunci/user/disable", strings.NewReader(disable))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	if w.Code != http.StatusOK || !must[*auth.User](t)(h.op.User("1")).Disabled || w.Header().Get("Kunci-Version") != version {
		t.Errorf("what a client sends: %d %v", w.Code, w.Header())
	}
}

// No body makes a handler do anything but answer.
func FuzzHandler(f *testing.F) {
	for _, seed := range []string{`{"Email":"a@example.com","Name":"A"}`, `{"who":"1","edit":{"Name":null}}`, `{"id":"` + strings.Repeat("0", 32) + `"}`, `{}`, `[`, `{"who":1}`} {
		for _, path := range []string{"/user/add", "/user/set", "/session/revoke", "/user/list"} {
			f.Add(path, []byte(seed))
		}
	}
	handler := newHouse(f).handler()
	f.Fuzz(func(t *testing.T, path string, body []byte) {
		r := httptest.NewRequest("POST", "http://kunci/", strings.NewReader(string(body)))
		r.URL.Path = path
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		switch w.Code {
		case 200, 400, 404, 413, 422:
		default:
			t.Errorf("%s %q: %d", path, body, w.Code)
		}
	})
}
