package auth_test

import (
	"context"
	"testing"
	"time"

	"kunci/mail"
	"kunci/server/auth"
)

func (h *house) reset(tok, pw string) error {
	_, err := h.Reset(context.Background(), caller(snapotp, home), auth.Reset{Token: tok, Password: pw})
	return err
}

// alive says whether a reset token would serve, without using it up: a common
// password is refused only where there is an account to set it for.
func (h *house) alive(tok string) bool {
	h.t.Helper()
	err := auth.AsError(h.reset(tok, "password123"))
	if err.Kind != auth.Invalid && err.Kind != auth.BadLink {
		h.t.Fatal(err)
	}
	return err.Kind == auth.Invalid
}

const newPassword = "Kopi-Susu-42!"

func TestReset(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	g := h.register("budi@example.com", "")
	tok := h.resetLink("budi@example.com")
	if err := h.reset(tok, newPassword); err != nil {
		t.Fatal(err)
	}
	if _, err := h.login(snapotp, "budi@example.com", goodPassword, home); err == nil {
		t.Error("the old password signs in")
	}
	must[*auth.Grant](t)(h.login(snapotp, "budi@example.com", newPassword, home))
	if h.stands(g.Token) || !h.account("budi@example.com").EmailVerified {
		t.Error("a reset ends sessions and proves the address")
	}
	notices := h.takeMails(mail.PasswordChanged)
	if len(notices) != 1 || notices[0].Message.To != "budi@example.com" || notices[0].Message.Link != "" {
		t.Errorf("notices %+v", notices)
	}
	wantKind(t, h.reset(tok, newPassword), auth.BadLink)
}

func TestResetOneWinner(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.register("budi@example.com", "")
	tok := h.resetLink("budi@example.com")
	won := ""
	for i, err := range atOnce(20, func(i int) error { return h.reset(tok, newPassword+string(rune('a'+i))) }) {
		if err == nil && won != "" {
			t.Error("a token served twice")
		}
		if err == nil {
			won = newPassword + string(rune('a'+i))
		} else if e := auth.AsError(err); e.Kind != auth.BadLink && e.Kind != auth.Busy {
			t.Errorf("a loser is told %v", err)
		}
	}
	must[*auth.Grant](t)(h.login(snapotp, "budi@example.com", won, home))
	if n := len(h.takeMails(mail.PasswordChanged)); n != 1 {
		t.Errorf("%d notices, want 1", n)
	}
}

// Whatever is wrong with a link, it changes nothing and gets one answer.
func TestResetRefused(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, spoil := range map[string]func(h *house, tok string) string{
		"nonsense":  func(*house, string) string { return "nonsense" },
		"truncated": func(_ *house, tok string) string { return tok[:len(tok)-1] },
		"changed": func(_ *house, tok string) string {
			if tok[0] == 'A' {
				return "B" + tok[1:]
			}
			return "A" + tok[1:]
		},
		"another instance": func(*house, string) string {
			other := newHouse(t)
			other.register("budi@example.com", "")
			return other.resetLink("budi@example.com")
		},
		"a confirmation": func(h *house, _ string) string {
			h.clock.add(time.Hour)
			must[auth.Done](t)(h.Forgot(ctx, caller(snapotp, home), auth.Forgot{Email: "budi@example.com", Confirm: true}))
			return linkOf(t, h.takeMails(mail.Confirm)[0])
		},
		"expired":  func(h *house, tok string) string { h.clock.add(30 * time.Minute); return tok },
		"disabled": func(h *house, tok string) string { h.check(h.op.Disable(ctx, "budi@example.com")); return tok },
		"enabled again": func(h *house, tok string) string {
			h.check(h.op.Disable(ctx, "budi@example.com"))
			h.check(h.op.Enable(ctx, "budi@example.com"))
			return tok
		},
		"deleted": func(h *house, tok string) string { h.check(h.op.Delete(ctx, "budi@example.com")); return tok },
		"e-mail changed": func(h *house, tok string) string {
			must[*auth.User](t)(h.op.SetUser(ctx, "budi@example.com", auth.Edit{Email: ptr("new@example.com")}))
			return tok
		},
		"password changed": func(h *house, tok string) string {
			h.check(h.op.SetPassword(ctx, "budi@example.com", "Other#Password1", "en"))
			return tok
		},
		"swept": func(h *house, tok string) string {
			h.clock.add(2 * time.Hour)
			h.check(h.Sweep(ctx))
			return tok
		},
	} {
		h := newHouse(t)
		h.register("budi@example.com", "")
		tok := spoil(h, h.resetLink("budi@example.com"))
		e := wantKind(t, h.reset(tok, newPassword), auth.BadLink)
		if e.Reason != "bad_link" || e.RetryAfter != 0 || e.Fields != nil {
			t.Errorf("%s: answers %+v", name, e)
		}
		for _, email := range []string{"budi@example.com", "new@example.com"} {
			if _, err := h.login(snapotp, email, newPassword, home); err == nil {
				t.Errorf("%s: the new password signs in", name)
			}
		}
	}
}

func (h *house) check(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func TestResetPasswordRules(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.register("budi@example.com", "budisantoso")
	h.add("member@example.com", h.company())
	plain, member := h.resetLink("budi@example.com"), h.resetLink("member@example.com")
	for _, test := range []struct{ name, tok, pw, reason string }{
		{"short", plain, "xK9#mq2", "too_short"},
		{"missing", plain, "", "required"},
		{"common", plain, "password123", "password_common"},
		{"one's e-mail", plain, "budi@example.com", "password_own"},
		{"one's username", plain, "budisantoso", "password_own"},
		{"a member's without classes", member, "kopi susu pagi", "password_classes"},
	} {
		e := wantKind(t, h.reset(test.tok, test.pw), auth.Invalid)
		if len(e.Fields) != 1 || e.Fields[0].Name != "password" || e.Fields[0].Reason != test.reason {
			t.Errorf("%s: %+v", test.name, e.Fields)
		}
	}
	wantKind(t, h.reset("", newPassword), auth.Invalid)
	// A refused password does not use the link up.
	h.check(h.reset(plain, "kopi susu pagi"))
	h.check(h.reset(member, newPassword))
	must[*auth.Grant](t)(h.login(dashboard, "member@example.com", newPassword, home))
}

func TestResetClearsDelays(t *testing.T) {
	t.Parallel()
	for _, from := range []string{home, stranger} { // a known range, and one that is not
		h := newHouse(t)
		h.register("budi@example.com", "budi")
		for _, who := range []string{"budi@example.com", "Budi"} {
			for {
				_, err := h.login(snapotp, who, "wrong-password", from)
				if auth.AsError(err).Kind == auth.TooMany {
					break
				}
				wantKind(t, err, auth.Unauthenticated)
			}
		}
		h.check(h.reset(h.resetLink("budi@example.com"), newPassword))
		for _, who := range []string{"budi@example.com", "Budi"} {
			if _, err := h.login(snapotp, who, newPassword, from); err != nil {
				t.Errorf("after a reset, %s from %s: %v", who, from, err)
			}
		}
	}
}
