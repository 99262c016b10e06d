package server_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"kunci/db/dbtest"
	"kunci/mail"
	"kunci/server"
	"kunci/server/auth"
	"kunci/server/dialect"
	"kunci/server/password"
	"kunci/server/token"
)

// pagesApp is a server whose pages are under test, with its mails going to an
// outbox. Its log must hold none of the secrets that a test names.
type pagesApp struct {
	*auth.Service
	op     auth.Operator
	base   string
	outbox *mail.Outbox
	sent   chan string // the id of each mail, once it is out of the queue

	mu      sync.Mutex
	log     bytes.Buffer
	secrets []string
}

// Write takes a line of the log.
func (a *pagesApp) Write(b []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.log.Write(b)
}

// pagesQueue says which mails have left the queue.
type pagesQueue struct {
	auth.Mails
	sent chan<- string
}

// Done removes a mail that stands in the outbox by now.
func (q pagesQueue) Done(j mail.Job) error {
	err := q.Mails.Done(j)
	if err == nil {
		q.sent <- j.ID
	}
	return err
}

func (a *pagesApp) secret(s ...string) { a.secrets = append(a.secrets, s...) }

func pagesStart(t testing.TB, change func(*auth.Config, *server.Config)) *pagesApp {
	t.Helper()
	h := httptest.NewUnstartedServer(nil)
	a := &pagesApp{base: "http://" + h.Listener.Addr().String(), sent: make(chan string, 100)}
	store := dbtest.Open(t)
	ring, err := token.Create(filepath.Join(t.TempDir(), "keys"), store.Info().Instance.String(), time.Now())
	pagesMust(t, err)
	a.outbox, err = mail.NewOutbox(filepath.Join(t.TempDir(), "outbox"))
	pagesMust(t, err)
	log := slog.New(slog.NewJSONHandler(a, nil))
	var worker *mail.Worker
	ac := auth.Config{
		AuditMost: 1000, AuditKeep: time.Hour,
		Store: store, Ring: ring, Hasher: password.New(password.Params{Memory: 64, Time: 1, Threads: 1}, 2),
		PublicURL: a.base, SessionLifetime: time.Hour, Audiences: dialect.Names(), Admit: dialect.Registers(),
		Registers: dialect.Registers(), MailQueued: func() { worker.Wake() },
	}
	sc := server.Config{Log: log, Dev: true, Outbox: a.outbox}
	if change != nil {
		change(&ac, &sc)
	}
	a.Service = auth.New(ac)
	a.op = auth.Operator{Service: a.Service}
	worker = mail.NewWorker(pagesQueue{auth.Mails{Service: a.Service}, a.sent}, a.outbox, "kunci <no-reply@kunci.test>", log)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); worker.Run(ctx) }()
	sc.Auth = a.Service
	h.Config.Handler = server.New(sc)
	h.Start()
	t.Cleanup(func() {
		h.Close()
		stop()
		<-ended
		for _, s := range a.secrets {
			if strings.Contains(a.log.String(), s) {
				t.Errorf("the log holds the secret %q", s)
			}
		}
	})
	return a
}

func pagesMust(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// pagesAnswer is a page as a browser gets it.
type pagesAnswer struct {
	status int
	header http.Header
	body   string
}

// do asks for a page. Headers are name and value in turn.
func (a *pagesApp) do(t testing.TB, method, path, body string, headers ...string) pagesAnswer {
	t.Helper()
	r, err := http.NewRequest(method, a.base+path, strings.NewReader(body))
	pagesMust(t, err)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		if i == 0 || headers[i] != headers[i-2] {
			r.Header.Del(headers[i])
		}
		r.Header.Add(headers[i], headers[i+1])
	}
	w, err := http.DefaultTransport.RoundTrip(r) // follows no redirect
	pagesMust(t, err)
	defer func() { _ = w.Body.Close() }()
	got, err := io.ReadAll(w.Body)
	pagesMust(t, err)
	return pagesAnswer{w.StatusCode, w.Header, string(got)}
}

// String is the page without its style, which is the same everywhere.
func (w pagesAnswer) String() string { return pagesStyle.ReplaceAllString(w.body, "") }

func (a *pagesApp) get(t testing.TB, path string, headers ...string) pagesAnswer {
	t.Helper()
	return a.do(t, http.MethodGet, path, "", headers...)
}

// post sends a form: name and value in turn.
func (a *pagesApp) post(t testing.TB, path string, fields ...string) pagesAnswer {
	t.Helper()
	return a.do(t, http.MethodPost, path, pagesForm(fields...))
}

func pagesForm(fields ...string) string {
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return form.Encode()
}

func (w pagesAnswer) want(t testing.TB, status int, texts ...string) {
	t.Helper()
	if w.status != status {
		t.Errorf("status %d, want %d: %s", w.status, status, w)
	}
	for _, text := range texts {
		if !strings.Contains(w.body, text) {
			t.Errorf("the page lacks %q: %s", text, w)
		}
	}
}

func (w pagesAnswer) lacks(t testing.TB, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(w.body, text) {
			t.Errorf("the page holds %q: %s", text, w)
		}
	}
}

// letter waits for the next mail and gives the link in it, "" for none.
func (a *pagesApp) letter(t testing.TB) (e *mail.Entry, link string) {
	t.Helper()
	select {
	case id := <-a.sent:
		all, err := a.outbox.List()
		pagesMust(t, err)
		for _, found := range all {
			if strings.Contains(found.Name, id) {
				e, err = a.outbox.Read(found.Name)
				pagesMust(t, err)
			}
		}
	case <-time.After(10 * time.Second):
		t.Fatal("no mail came")
	}
	for line := range strings.Lines(e.Text) {
		if line = strings.TrimSpace(line); strings.Contains(line, "?token=") {
			link = line
		}
	}
	return e, link
}

// tokenOf is the token in a link, which from now on is a secret.
func (a *pagesApp) tokenOf(t testing.TB, link string) string {
	t.Helper()
	u, err := url.Parse(link)
	pagesMust(t, err)
	tok := u.Query().Get("token")
	if tok == "" {
		t.Fatalf("no token in %q", link)
	}
	a.secret(tok)
	return tok
}

// signIn says with which status an account gets in at SnapOTP.
func (a *pagesApp) signIn(t testing.TB, who, password string) int {
	t.Helper()
	return a.do(t, http.MethodPost, "/api/auth/login", `{"username":"`+who+`","password":"`+password+`"}`, "Content-Type", "application/json").status
}

// dump is everything in the store.
func (a *pagesApp) dump(t testing.TB) string {
	t.Helper()
	var b bytes.Buffer
	_, err := a.Store.Backup(&b)
	pagesMust(t, err)
	return b.String()
}
