package auth_test

import (
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"kunci/db"
	"kunci/server/auth"
	"kunci/server/password"
)

func bcryptOf(t *testing.T, pw string) string {
	t.Helper()
	return string(must[[]byte](t)(bcrypt.GenerateFromPassword([]byte(pw), bcrypt.MinCost)))
}

func TestSignInRenewsHash(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.register("budi@example.com", "")
	current := h.account("budi@example.com").PasswordHash
	prefix := current[:strings.LastIndex(current[:len(current)-30], "$")]
	other := must[string](t)(password.New(password.Params{Memory: 128, Time: 2, Threads: 1}, 1).Hash(t.Context(), goodPassword))

	for name, stored := range map[string]string{
		"bcrypt": bcryptOf(t, goodPassword), "bcrypt 2y": strings.Replace(bcryptOf(t, goodPassword), "$2a$", "$2y$", 1), "other parameters": other,
	} {
		h.edit("budi@example.com", func(a *db.Account) { a.PasswordHash = stored })
		if _, err := h.login(snapotp, "budi@example.com", "wrong-password", home); err == nil {
			t.Fatalf("%s: a wrong password signs in", name)
		}
		if got := h.account("budi@example.com").PasswordHash; got != stored {
			t.Errorf("%s: a wrong password changed the hash", name)
		}
		g := h.in(snapotp, "budi@example.com")
		renewed := h.account("budi@example.com").PasswordHash
		if !strings.HasPrefix(renewed, prefix[:strings.LastIndex(prefix, "$")]) || renewed == stored {
			t.Errorf("%s: the hash was not renewed", name)
		}
		if !h.stands(g.Token) {
			t.Errorf("%s: renewing ended the session", name)
		}
		h.in(snapotp, "budi@example.com")
		if got := h.account("budi@example.com").PasswordHash; got != renewed {
			t.Errorf("%s: a current hash was made anew", name)
		}
	}
}

// Every one of several sign-ins at once has the right password, although the
// first of them changes the hash that the others saw.
func TestSignInAtOnceRenewsHash(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.register("budi@example.com", "")
	for range 5 {
		stored := bcryptOf(t, goodPassword)
		h.edit("budi@example.com", func(a *db.Account) { a.PasswordHash = stored })
		for _, err := range atOnce(4, func(int) error {
			_, err := h.login(snapotp, "budi@example.com", goodPassword, home)
			return err
		}) {
			if err != nil {
				t.Errorf("a right password: %v", err)
			}
		}
	}
}

// A stored hash may come from elsewhere: one whose check would be an attack
// answers as a wrong password.
func TestSignInHostileHash(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.register("budi@example.com", "")
	salt, tag := "c2FsdHNhbHRzYWx0", "dGFndGFndGFndGFndGFndGFndGFndGFndGFndGFndGE"
	for _, stored := range []string{
		"$argon2id$v=19$m=4194304,t=1,p=1$" + salt + "$" + tag,
		"$argon2id$v=19$m=65536,t=4294967295,p=1$" + salt + "$" + tag,
		"$argon2id$v=19$m=65536,t=1,p=255$" + salt + "$" + tag,
		"$argon2id$v=19$m=0,t=0,p=0$$",
		"$2a$31$" + strings.Repeat("a", 53),
		"$1$salt$" + strings.Repeat("a", 22), "plain", goodPassword, strings.Repeat("$", 4096),
	} {
		h.edit("budi@example.com", func(a *db.Account) { a.PasswordHash = stored })
		_, err := h.login(snapotp, "budi@example.com", goodPassword, home)
		e := wantKind(t, err, auth.Unauthenticated)
		_, unknown := h.login(snapotp, "nobody@example.com", goodPassword, home)
		if want := wantKind(t, unknown, auth.Unauthenticated); e.Reason != want.Reason {
			t.Errorf("reason %q, for an unknown account %q", e.Reason, want.Reason)
		}
		if got := h.account("budi@example.com").PasswordHash; got != stored {
			t.Error("the stored hash was replaced")
		}
		h.clock.add(time15)
	}
}

// A password that is set by a reset ends what a hostile hash kept out.
func TestResetReplacesHostileHash(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.register("budi@example.com", "")
	h.edit("budi@example.com", func(a *db.Account) { a.PasswordHash = "$2a$31$" + strings.Repeat("a", 53) })
	must[auth.Done](t)(h.Reset(t.Context(), caller(snapotp, home), auth.Reset{Token: h.resetLink("budi@example.com"), Password: goodPassword}))
	h.in(snapotp, "budi@example.com")
}
