package server_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"kunci/db"
	"kunci/server/auth"
)

// audited are the entries of the audit log that a request made.
func (a *app) audited(t *testing.T, requestID string) (found []*auth.Audited) {
	t.Helper()
	page, err := a.op.Audit(t.Context(), auth.AuditQuery{})
	must(t, err)
	for _, e := range page.Entries {
		if e.Request == requestID {
			found = append(found, e)
		}
	}
	return found
}

// auditKeepsSecrets sees to it that no entry holds a secret, what looks like a
// token or key, or an e-mail address.
func (a *app) auditKeepsSecrets(t *testing.T) {
	t.Helper()
	store, err := db.New(a.engine.Engine) // past what a test has made fail
	if err != nil {
		return // the test has closed it
	}
	must(t, store.View(func(v db.View) error {
		first, next := v.AuditSpan()
		v.AuditEntries(first, next, func(e *db.AuditEntry, err error) bool {
			must(t, err)
			raw, err := json.Marshal(e)
			must(t, err)
			text := string(raw)
			for _, secret := range append(a.log.all(), "@") {
				if strings.Contains(text, secret) {
					t.Errorf("the audit log holds %q: %s", secret, text)
				}
			}
			if found := credentials.FindString(text); found != "" {
				t.Errorf("the audit log holds what looks like a token or key: %s", text)
			}
			return true
		})
		return nil
	}))
}

// Every endpoint tells the audit log what it did: by the API that was asked,
// the client's address and the request id that the client and the log have.
// `me` tells nothing.
func TestEveryEndpointIsAudited(t *testing.T) {
	t.Parallel()
	a := start(t, social, behindProxy)
	people(t, a)
	events := map[string]string{
		"login": "sign-in", "register": "sign-up", "google": "sign-up", "logout": "sign-out",
		"forgot-password": "reset-asked", "forgot_password": "reset-asked",
	}
	const from = "203.0.113.9"
	for i := range endpoints {
		e := &endpoints[i]
		name := e.path[strings.LastIndex(e.path, "/")+1:]
		fine := e.request(nil).from(from)
		switch name {
		case "logout", "me":
			fine = fine.bearer(a.signedIn(t))
		case "reset-password":
			continue // below: it needs a mail
		}
		got := a.do(t, fine)
		if got.status != 200 && got.status != 201 {
			t.Fatalf("%s: %d %s", e.path, got.status, got.body)
		}
		a.tells(t, e.path, got, e.dialect, events[name], "ok", from)
	}
	a.want(t, 200, forgot("smart@example.com"))
	tok := a.link(t, "smart@example.com", db.PurposeReset)
	a.tells(t, "reset", a.want(t, 200, reset(tok, fresh).from(from)), "snapotp", "reset", "ok", from)
	a.tells(t, "reset again", a.want(t, 400, reset(tok, fresh).from(from)), "snapotp", "reset", "bad_link", from)
	a.tells(t, "a page", a.want(t, 400, postForm("/confirm", map[string]any{"token": "x"}).from(from)), "page", "confirm", "bad_link", from)
	a.tells(t, "a page asks", a.want(t, 200, postForm("/confirm", map[string]any{"email": "pwa@example.com"}).from(from)), "page", "confirm-asked", "no_mail", from)
	a.clock.advance(time.Hour) // within the limits of one address again
	for name, ask := range signIns {
		got := a.do(t, ask("gone@example.com", wrong).from(from))
		a.tells(t, "a sign-in that fails", got, name, "sign-in", "wrong_password", from)
	}
}

// tells holds what the audit log says of an answer to be this alone.
func (a *app) tells(t *testing.T, what string, got *answer, dialect, event, outcome, from string) {
	t.Helper()
	entries := a.audited(t, got.header.Get("X-Request-Id"))
	if event == "" {
		if len(entries) > 0 {
			t.Errorf("%s: %+v", what, entries[0])
		}
		return
	}
	if len(entries) != 1 {
		t.Errorf("%s: %d entries", what, len(entries))
		return
	}
	e := entries[0]
	if e.Dialect != dialect || e.Event != event || e.Outcome != outcome || e.Address != from {
		t.Errorf("%s: %+v", what, e)
	}
}
