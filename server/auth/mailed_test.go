package auth_test

import (
	"net/url"
	"strings"
	"testing"

	"kunci/mail"
	"kunci/server/auth"
)

// mails are all that wait, those that wait longest first.
func (h *house) mails() []mail.Job {
	h.t.Helper()
	return must[[]mail.Job](h.t)(auth.Mails{Service: h.Service}.Due(h.clock.Now(), 1000))
}

// takeMails empties the queue and returns the mails of a kind.
func (h *house) takeMails(kind mail.Kind) (taken []mail.Job) {
	h.t.Helper()
	for _, j := range h.mails() {
		if j.Message.Kind == kind {
			taken = append(taken, j)
		}
		if err := (auth.Mails{Service: h.Service}).Done(j); err != nil {
			h.t.Fatal(err)
		}
	}
	return taken
}

// linkOf is the token in a mail's link.
func linkOf(t testing.TB, j mail.Job) string {
	t.Helper()
	u := must[*url.URL](t)(url.Parse(j.Message.Link))
	if !strings.HasPrefix(j.Message.Link, publicURL+"/") || u.Query().Get("token") == "" {
		t.Fatalf("the mail's link is %q", j.Message.Link)
	}
	return u.Query().Get("token")
}

// forgot asks for a reset and returns the tokens that were mailed for it.
func (h *house) forgot(email, addr string) (tokens []string) {
	h.t.Helper()
	h.takeMails("")
	must[auth.Done](h.t)(h.Forgot(h.t.Context(), caller(snapotp, addr), auth.Forgot{Email: email}))
	for _, j := range h.takeMails(mail.Reset) {
		tokens = append(tokens, linkOf(h.t, j))
	}
	return tokens
}

// resetLink is the token of one reset mail that has to come.
func (h *house) resetLink(email string) string {
	h.t.Helper()
	tokens := h.forgot(email, home)
	if len(tokens) != 1 {
		h.t.Fatalf("%d reset mails, want 1", len(tokens))
	}
	return tokens[0]
}
