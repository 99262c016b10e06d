package server_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kunci/mail"
)

func TestPagesOutbox(t *testing.T) {
	t.Parallel()
	a := pagesStart(t, nil)
	a.get(t, "/outbox").want(t, http.StatusOK, "No mails yet.")
	day := time.Date(2031, 2, 3, 4, 5, 6, 0, time.UTC)
	send := func(id, text, html string, date time.Time) string {
		pagesMust(t, a.outbox.Send(context.Background(), &mail.Letter{
			ID: id, From: "no-reply@kunci.test", To: id + "@example.com", Lang: "en", Subject: "Subject <" + id + ">",
			Text: text, HTML: html, MessageID: id + "@kunci.test", Date: date,
		}))
		all, err := a.outbox.List()
		pagesMust(t, err)
		return all[0].Name
	}
	older := send("older", "x\n", "<p>x</p>", day)
	link := a.base + "/reset-password?token=abc"
	newer := send("newer", strings.Join([]string{
		"Hello <b>Siti</b>,", link, "see " + link, a.base + ".evil.example/", a.base + "evil", "https://evil.example/", link + " x", "javascript:alert(1)", a.base,
	}, "\n")+"\n", `<p style="color:red">Hello</p><script>alert(1)</script>`, day.Add(time.Hour))

	list := a.get(t, "/outbox")
	list.safe(t, a.base, "en")
	list.want(t, http.StatusOK, "Subject &lt;newer&gt;", "newer@example.com", "2031-02-03 05:05:06 UTC")
	if n, o := strings.Index(list.body, newer), strings.Index(list.body, older); n < 0 || o < n {
		t.Errorf("not newest first: %d, %d", n, o)
	}

	page := a.get(t, "/outbox/"+newer)
	page.safe(t, a.base, "en")
	page.want(t, http.StatusOK, "Hello &lt;b&gt;Siti&lt;/b&gt;,", `<a href="`+link+`">`+link+"</a>\n", "see "+link, `<a href="`+a.base+`">`,
		`<iframe src="/outbox/`+newer+`/html" sandbox`)
	if csp := page.header.Get("Content-Security-Policy"); !strings.Contains(csp, "; frame-src 'self'") {
		t.Errorf("the policy %q lets no frame in", csp)
	}
	if n := strings.Count(page.body, `<a href="http`); n != 2 {
		t.Errorf("%d links in the text, want 2: %s", n, page)
	}

	part := a.get(t, "/outbox/"+newer+"/html")
	part.want(t, http.StatusOK, `<p style="color:red">Hello</p><script>`)
	csp := part.header.Get("Content-Security-Policy")
	if csp != "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'" || part.header.Get("X-Frame-Options") != "SAMEORIGIN" {
		t.Errorf("the mail's HTML has %q, %q", csp, part.header.Get("X-Frame-Options"))
	}
}

func TestPagesOutboxRefuses(t *testing.T) {
	t.Parallel()
	a := pagesStart(t, nil)
	a.signUp(t)
	entries, err := a.outbox.List()
	pagesMust(t, err)
	name := entries[0].Name
	for _, path := range []string{
		"/outbox/none", "/outbox/..", "/outbox/../kunci.db", "/outbox/%2e%2e%2fkunci.db", "/outbox/..%2fkeys", "/outbox/" + name + "%00",
		"/outbox/" + name + "/../" + name, "/outbox/" + strings.TrimSuffix(name, ".eml"), "/outbox/../html", "/outbox/none/html", "/outbox//html", "/outbox/",
		"/outbox/" + name + "/html/html",
	} {
		if w := a.get(t, path); w.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.status)
		}
	}
	for host, want := range map[string]int{
		"rebound.example": http.StatusMisdirectedRequest, "127.0.0.1.rebound.example:80": http.StatusMisdirectedRequest, "": http.StatusOK,
		"localhost:8080": http.StatusOK, "[::1]:8080": http.StatusOK, "127.0.0.1": http.StatusOK,
	} {
		for _, path := range []string{"/", "/healthz", "/outbox", "/outbox/" + name, "/outbox/" + name + "/html"} {
			if w := a.get(t, path, "Host", host); w.status != want {
				t.Errorf("%s as %q: %d, want %d", path, host, w.status, want)
			}
		}
	}
}

func TestPagesOutboxWithABrokenFile(t *testing.T) {
	t.Parallel()
	a := pagesStart(t, nil)
	const name = "20310203T040506.000Z-broken.eml"
	dir := strings.TrimPrefix(a.outbox.String(), "files in ")
	pagesMust(t, os.WriteFile(filepath.Join(dir, name), []byte("no mail"), 0o600))
	a.get(t, "/outbox").want(t, http.StatusOK, "<code>"+name+"</code>", "can&#39;t be read")
	for _, path := range []string{"/outbox/" + name, "/outbox/" + name + "/html"} {
		w := a.get(t, path)
		w.safe(t, a.base, "en")
		w.want(t, http.StatusInternalServerError, "Something went wrong", "<code>"+w.header.Get("X-Request-Id")+"</code>")
		w.lacks(t, dir)
	}
}
