package server_test

import (
	"strings"
	"testing"
	"time"

	"kunci/db"
	"kunci/mail"
	"kunci/server/auth"
)

func forgot(email string) request {
	return postJSON("/api/auth/forgot-password", map[string]any{"email": email})
}

func reset(tok, pw string) request {
	return postJSON("/api/auth/reset-password", map[string]any{"token": tok, "password": pw})
}

const fresh = "Baru-Sekali-1"

// A reset sets the password, ends every session and every link, proves the
// address and mails a notice; its token serves once.
func TestReset(t *testing.T) {
	t.Parallel()
	a := start(t, withIntrospection, admit("snapotp"))
	people(t, a)
	a.log.secret(fresh)
	signedIn := a.all(t, "dashboard@example.com", secret)
	a.want(t, 200, forgot("Dashboard@EXAMPLE.com"))
	first := a.link(t, "dashboard@example.com", db.PurposeReset)
	a.clock.advance(3 * time.Minute)
	a.want(t, 200, postForm("/api/v2/auth/forgot_password", map[string]any{"email": "dashboard@example.com"}))
	second := a.link(t, "dashboard@example.com", db.PurposeReset)
	if first == second {
		t.Fatal("the second mail holds the first one's link")
	}
	for _, pw := range []string{"Zq7-xyz", "zq7-xyzq", "ZQ7-XYZQ", "Zqx-xyzq", "Zq7xxyzq"} { // not the dashboard's rule
		a.want(t, 422, reset(second, pw))
	}
	a.want(t, 200, reset(second, fresh))
	for _, tok := range []string{first, second} {
		a.want(t, 400, reset(tok, fresh))
	}
	for _, credential := range signedIn {
		a.stands(t, credential, false)
	}
	a.want(t, 401, signIns["pwa"]("dashboard@example.com", secret))
	a.all(t, "dashboard@example.com", fresh)
	diff(t, "mails", []mail.Kind{mail.PasswordChanged}, a.queuedButLinks(t, "dashboard@example.com"))
}

// queuedButLinks are the kinds of the mails that wait and still have what
// they tell of.
func (a *app) queuedButLinks(t *testing.T, email string) (kinds []mail.Kind) {
	t.Helper()
	jobs, err := auth.Mails{Service: a.Service}.Due(a.clock.Now(), 100)
	must(t, err)
	for _, j := range jobs {
		if j.Message.To == email {
			kinds = append(kinds, j.Message.Kind)
		}
	}
	return kinds
}

func TestResetTokenExpires(t *testing.T) {
	t.Parallel()
	a := start(t)
	people(t, a)
	a.want(t, 200, forgot("smart@example.com"))
	tok := a.link(t, "smart@example.com", db.PurposeReset)
	a.clock.advance(30*time.Minute - time.Second)
	for _, pw := range []string{"short", "password1", "SMART@example.com", "Somebody Else"} {
		a.want(t, 422, reset(tok, pw))
	}
	a.clock.advance(time.Second)
	a.want(t, 400, reset(tok, fresh))
	a.want(t, 200, signIns["smart"]("smart@example.com", secret))
}

func TestThreeResetTokensAreAlive(t *testing.T) {
	t.Parallel()
	a := start(t)
	people(t, a)
	var toks []string
	for range 4 {
		a.want(t, 200, forgot("smart@example.com"))
		toks = append(toks, a.link(t, "smart@example.com", db.PurposeReset))
		a.clock.advance(3 * time.Minute)
	}
	a.want(t, 400, reset(toks[0], fresh))
	a.want(t, 200, reset(toks[1], fresh))
}

// A finished reset clears the delays of its names, also for a range that
// never signed in.
func TestResetClearsDelays(t *testing.T) {
	t.Parallel()
	a := start(t, behindProxy)
	people(t, a)
	for range 5 {
		a.want(t, 401, signIns["smart"]("smart@example.com", wrong))
	}
	a.want(t, 429, signIns["smart"]("smart@example.com", secret).from("192.0.2.1"))
	a.reset(t, "smart@example.com", fresh)
	a.want(t, 200, signIns["smart"]("smart@example.com", fresh).from("192.0.2.1"))
}

// Asking looks the same whoever asks for whatever, and mails within bounds.
func TestForgotLooksTheSame(t *testing.T) {
	t.Parallel()
	a := start(t, behindProxy)
	people(t, a)
	known := a.want(t, 200, forgot("smart@example.com").from("192.0.2.1"))
	for _, email := range []string{"nobody@example.com", "gone@example.com", "smart@example.com"} {
		diff(t, email, known.body, a.want(t, 200, forgot(email).from("192.0.2.1")).body)
	}
	count := func(want int) {
		t.Helper()
		if got := a.queued(t, "smart@example.com"); len(got) != want {
			t.Errorf("%d mails, not %d", len(got), want)
		}
	}
	count(1) // two minutes have not passed
	a.want(t, 200, forgot("smart@example.com").from("192.0.2.200"))
	count(1) // the same /24
	a.want(t, 200, forgot("smart@example.com").from("192.0.3.1"))
	count(2)
	for range 8 {
		a.clock.advance(2 * time.Minute)
		a.want(t, 200, forgot("smart@example.com").from("192.0.2.1"))
	}
	count(6) // five a day from one range
	if kinds := a.queued(t, "gone@example.com"); len(kinds) != 0 {
		t.Errorf("a disabled account was mailed %v", kinds)
	}
}

// Confirming one's own sign-up keeps the password and ends the sessions.
func TestConfirm(t *testing.T) {
	t.Parallel()
	a := start(t, withIntrospection)
	credential := a.want(t, 201, register(nil)).credential(t)
	tok := a.link(t, "fields@example.com", db.PurposeConfirm)
	a.stands(t, credential, true)
	_, err := a.Confirm(t.Context(), auth.Caller{}, tok)
	must(t, err)
	a.stands(t, credential, false)
	a.want(t, 200, signIns["snapotp"]("fields@example.com", secret))
	u, err := a.op.User("fields@example.com")
	must(t, err)
	if !u.EmailVerified {
		t.Error("the e-mail is not verified")
	}
	if _, err := a.Confirm(t.Context(), auth.Caller{}, tok); auth.AsError(err).Kind != auth.BadLink {
		t.Errorf("a second time: %v", err)
	}
}

// The way of a mail: queued by a request, composed by the worker, written to
// the outbox, its link taken by a reset. The link leads to the public URL,
// whatever Host the request named.
func TestMailedLink(t *testing.T) {
	t.Parallel()
	a := start(t, withOutbox)
	people(t, a)
	a.want(t, 200, postForm("/api/v2/auth/forgot_password", map[string]any{"email": "shoop@example.com"}))
	text := ""
	for deadline := time.Now().Add(10 * time.Second); text == "" && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		letters, err := a.outbox.List()
		must(t, err)
		if len(letters) > 0 {
			letter, err := a.outbox.Read(letters[0].Name)
			must(t, err)
			text = letter.Text
		}
	}
	_, rest, found := strings.Cut(text, publicURL+"/reset-password?token=")
	tok, _, _ := strings.Cut(rest, "\n")
	a.log.secret(tok, fresh)
	if !found || !strings.Contains(text, "shoop@example.com") || strings.Contains(text, "client.example") {
		t.Fatalf("the mail reads:\n%s", text)
	}
	a.want(t, 200, reset(strings.TrimSpace(tok), fresh))
	a.want(t, 200, signIns["shoop"]("shoop@example.com", fresh))
}
