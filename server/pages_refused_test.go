package server_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"kunci/db/dbtest"
	"kunci/server"
	"kunci/server/auth"
	"kunci/server/password"
	"kunci/server/token"
)

func TestPagesFormsRefused(t *testing.T) {
	t.Parallel()
	a := pagesStart(t, nil)
	a.signUp(t)
	tok := a.forgot(t)
	good := pagesForm("token", tok, "password", pagesNew)
	before := a.dump(t)
	for _, c := range []struct {
		name, body string
		status     int
		headers    []string
	}{
		{"JSON", `{"token":"` + tok + `"}`, http.StatusUnsupportedMediaType, []string{"Content-Type", "application/json"}},
		{"multipart", good, http.StatusUnsupportedMediaType, []string{"Content-Type", "multipart/form-data; boundary=x"}},
		{"no media type", good, http.StatusUnsupportedMediaType, []string{"Content-Type", ""}},
		{"two media types", good, http.StatusUnsupportedMediaType, []string{"Content-Type", "application/x-www-form-urlencoded", "Content-Type", "text/plain"}},
		{"too large", good + "&x=" + strings.Repeat("x", 64<<10), http.StatusRequestEntityTooLarge, nil},
		{"token twice", good + "&token=x", http.StatusBadRequest, nil},
		{"other field twice", good + "&x=1&x=1", http.StatusBadRequest, nil},
		{"bad escape", good + "&x=%zz", http.StatusBadRequest, nil},
		{"bad UTF-8", good + "&x=%ff", http.StatusBadRequest, nil},
		{"bad UTF-8 in a name", good + "&%ff=x", http.StatusBadRequest, nil},
		{"cross-site", good, http.StatusForbidden, []string{"Sec-Fetch-Site", "cross-site"}},
		{"same-site", good, http.StatusForbidden, []string{"Sec-Fetch-Site", "same-site", "Origin", "null"}},
		{"foreign origin", good, http.StatusForbidden, []string{"Origin", "https://evil.example"}},
		{"foreign origin beside", good, http.StatusForbidden, []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "same-origin"}},
		{"another port", good, http.StatusForbidden, []string{"Origin", "http://127.0.0.1:1"}},
	} {
		for _, path := range []string{"/reset-password", "/confirm"} {
			w := a.do(t, http.MethodPost, path, c.body, c.headers...)
			if w.status != c.status {
				t.Errorf("%s, %s: %d, want %d", c.name, path, w.status, c.status)
			}
			w.safe(t, a.base, "en")
			w.want(t, c.status, `<a href="`+path+`">Start again</a>`)
			w.lacks(t, tok)
		}
	}
	if a.dump(t) != before {
		t.Error("refused forms changed the store")
	}
}

func TestPagesFormsAllowed(t *testing.T) {
	t.Parallel()
	a := pagesStart(t, func(_ *auth.Config, c *server.Config) { c.Dev = false })
	for name, headers := range map[string][]string{
		"no browser":         nil,
		"our form":           {"Origin", "null", "Sec-Fetch-Site", "same-origin"},
		"an older browser":   {"Origin", "null"},
		"with its origin":    {"Origin", a.base, "Sec-Fetch-Site", "same-origin"},
		"the public URL":     {"Origin", a.base, "Host", "behind-a-proxy:8080"},
		"another name of us": {"Origin", "https://login.example", "Host", "login.example"},
		"with charset":       {"Content-Type", "Application/X-WWW-Form-Urlencoded; charset=UTF-8"},
	} {
		if w := a.do(t, http.MethodPost, "/reset-password", "email=nobody@example.com", headers...); w.status != http.StatusOK {
			t.Errorf("%s: %d", name, w.status)
		}
	}
}

func TestPagesOutOfTries(t *testing.T) {
	t.Parallel()
	a := pagesStart(t, func(c *auth.Config, _ *server.Config) {
		c.Limits = auth.Limits{FailuresPerMinute: 1, ForgotsPerTenMinutes: 1}
	})
	tok := a.Ring.Link("reset", [16]byte{1})
	a.secret(tok)
	a.post(t, "/reset-password", "email", "a@example.com").want(t, http.StatusOK)
	a.post(t, "/confirm", "token", tok).want(t, http.StatusBadRequest)
	for name, w := range map[string]pagesAnswer{
		"asking":     a.post(t, "/reset-password", "email", "a@example.com"),
		"resetting":  a.post(t, "/reset-password", "token", tok, "password", pagesNew),
		"confirming": a.post(t, "/confirm", "token", tok),
	} {
		w.want(t, http.StatusTooManyRequests, `role="alert">Too many tries. Try again later.`, `<form method="post"`)
		w.safe(t, a.base, "en")
		if n, err := strconv.Atoi(w.header.Get("Retry-After")); err != nil || n < 1 {
			t.Errorf("%s: Retry-After %q", name, w.header.Get("Retry-After"))
		}
		if name != "asking" && !strings.Contains(w.body, `value="`+tok+`"`) {
			t.Errorf("%s: the token is gone, so nobody can try again", name)
		}
	}
}

func TestPagesWithoutAStore(t *testing.T) {
	t.Parallel()
	a := pagesStart(t, nil)
	tok := a.Ring.Link("confirm", [16]byte{1})
	pagesMust(t, a.Store.Close())
	a.get(t, "/confirm?token="+tok).want(t, http.StatusOK)
	a.get(t, "/").want(t, http.StatusOK)
	for name, w := range map[string]pagesAnswer{
		"asking":     a.post(t, "/reset-password", "email", "a@example.com"),
		"confirming": a.post(t, "/confirm", "token", tok),
	} {
		w.want(t, http.StatusServiceUnavailable, `role="alert">The server is busy.`, `<form method="post"`)
		if w.header.Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", name)
		}
	}
}

// FuzzPagesForm posts any body: it never is a fault of ours, and nothing of
// it comes back as markup.
func FuzzPagesForm(f *testing.F) {
	for _, seed := range []string{
		"", "token=x&password=rahasia-1", "email=a@b.c", "email=%22%3E%3Cscript%3E", "token=%22%3E%3Cscript%3E&password=x",
		"token=a&token=b", "%zz", "token=%ff", "a;b", "=", "email=%00", "password=" + strings.Repeat("x", 300),
	} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	store := dbtest.Open(f)
	ring, err := token.Create(filepath.Join(f.TempDir(), "keys"), store.Info().Instance.String(), time.Now())
	pagesMust(f, err)
	core := auth.New(auth.Config{Store: store, Ring: ring, Hasher: password.New(password.Params{Memory: 64, Time: 1, Threads: 1}, 2), PublicURL: "https://kunci.test"})
	s := server.New(server.Config{Auth: core, Log: slog.New(slog.NewJSONHandler(io.Discard, nil))})
	f.Fuzz(func(t *testing.T, body string, reset bool) {
		path := "/confirm"
		if reset {
			path = "/reset-password"
		}
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		answer := pagesAnswer{w.Code, w.Header(), w.Body.String()}
		answer.safe(t, "https://kunci.test", "en")
		switch w.Code {
		case http.StatusOK, http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge:
		default:
			t.Errorf("status %d", w.Code)
		}
	})
}
