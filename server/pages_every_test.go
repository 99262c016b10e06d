package server_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

var (
	pagesStyle   = regexp.MustCompile(`(?s)<style>(.*?)</style>`)
	pagesAddress = regexp.MustCompile(`(?:href|src|action)="([^"]*)"`)
	pagesEmpty   = regexp.MustCompile(`<(h1|h2|h3|p|a|button|label|dt|title|strong)[^>]*>\s*</`)
)

// safe holds a page to what every page promises (CONTRACT 6).
func (w pagesAnswer) safe(t testing.TB, base, lang string) {
	t.Helper()
	style := pagesStyle.FindStringSubmatch(w.body)
	if style == nil {
		t.Fatalf("no style in %s", w)
	}
	sum := sha256.Sum256([]byte(style[1]))
	csp := w.header.Get("Content-Security-Policy")
	for _, part := range []string{
		"default-src 'none'", "style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'",
		"form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
	} {
		if !strings.Contains(csp+";", part+";") {
			t.Errorf("the policy %q lacks %q", csp, part)
		}
	}
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
	} {
		if got := w.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if !strings.Contains(w.body, `<html lang="`+lang+`">`) {
		t.Errorf("the page is not in %q", lang)
	}
	w.lacks(t, "<script", " style=", " onclick")
	for _, m := range pagesAddress.FindAllStringSubmatch(w.body, -1) {
		if !strings.HasPrefix(m[1], "/") && m[1] != base && !strings.HasPrefix(m[1], base+"/") || strings.HasPrefix(m[1], "//") {
			t.Errorf("the page leads elsewhere: %q", m[1])
		}
	}
	if m := pagesEmpty.FindString(w.body); m != "" {
		t.Errorf("the page says nothing in %s", m)
	}
}

func TestPagesKeepTheirPromises(t *testing.T) {
	t.Parallel()
	a := pagesStart(t, withDemos)
	a.signUp(t)
	entries, err := a.outbox.List()
	pagesMust(t, err)
	for _, path := range []string{
		"/", "/reset-password", "/reset-password?token=x", "/confirm", "/confirm?token=x",
		"/confirm?token=" + a.Ring.Link("linking", [16]byte{}), "/confirm?token=" + a.Ring.Link("confirm", [16]byte{}),
		"/outbox", "/outbox/none", "/outbox/" + entries[0].Name,
	} {
		bodies := map[string]string{}
		for lang, header := range map[string]string{"id": "id-ID,id;q=0.9,en;q=0.5", "en": "de, en;q=0.3"} {
			w := a.get(t, path, "Accept-Language", header)
			w.safe(t, a.base, lang)
			bodies[lang] = w.body
			head := a.do(t, http.MethodHead, path, "", "Accept-Language", header)
			if head.status != w.status || head.body != "" || head.header.Get("Content-Length") != fmt.Sprint(len(w.body)) {
				t.Errorf("HEAD %s: %d with %d bytes, want %d with none", path, head.status, len(head.body), w.status)
			}
			head.body = w.body
			head.safe(t, a.base, lang)
		}
		if bodies["id"] == bodies["en"] {
			t.Errorf("%s speaks one language", path)
		}
		a.get(t, path, "Accept-Language", "").safe(t, a.base, "en")
	}
	for _, post := range []string{"email=x", "email=a@example.com", "token=x", "token=x&password=" + pagesNew, "password=x", "x=1&x=1"} {
		for _, path := range []string{"/reset-password", "/confirm"} {
			for lang, header := range map[string]string{"id": "id", "en": "en"} {
				a.do(t, http.MethodPost, path, post, "Accept-Language", header).safe(t, a.base, lang)
			}
		}
	}
}

func TestPagesEscape(t *testing.T) {
	t.Parallel()
	a := pagesStart(t, nil)
	const evil = `"><script>alert(1)</script>`
	for _, w := range []pagesAnswer{
		a.get(t, "/reset-password?"+pagesForm("token", evil)),
		a.get(t, "/confirm?"+pagesForm("token", evil)),
		a.post(t, "/reset-password", "token", evil, "password", "x"),
		a.post(t, "/reset-password", "email", evil),
		a.post(t, "/confirm", "email", evil),
	} {
		w.safe(t, a.base, "en")
		w.lacks(t, `">`+"<script")
		if !strings.Contains(html.UnescapeString(w.body), `value="`+evil+`"`) {
			t.Errorf("the value did not come back as it was: %s", w)
		}
	}
}
