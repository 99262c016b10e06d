package auth_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kunci/db"
	"kunci/server/auth"
)

func (h *house) why(who string) *auth.Why {
	h.t.Helper()
	return must[*auth.Why](h.t)(h.op.Why(h.t.Context(), who))
}

// guesses fails to sign in n times, each from another address of one range.
func (h *house) guesses(who string, n int) {
	h.t.Helper()
	for i := range n {
		_, _ = h.login(snapotp, who, "wrong", "198.51.100."+string(rune('1'+i)))
	}
}

var lastTry = regexp.MustCompile(`the last try \(2\d{3}-\S+Z, from [0-9a-f.:]+\)`)

// The first line of each case says what keeps somebody out, and what to do: in
// commands that a shell can be given, whatever the e-mail.
func TestWhyVerdict(t *testing.T) {
	t.Parallel()
	email := "budi`id`@example.com"
	for name, test := range map[string]struct {
		prepare func(*house)
		want    string
	}{
		"fine":        {func(h *house) { h.add(email, auth.Edit{}) }, "nothing keeps the user out: "},
		"no account":  {func(*house) {}, "no account: nobody is called \"budi`id`@example.com\" here"},
		"disabled":    {func(h *house) { h.add(email, auth.Edit{}); h.check(h.op.Disable(h.t.Context(), email)) }, "disabled: kunci user enable 1 lets"},
		"no password": {func(h *house) { h.add(email, auth.Edit{}); h.edit(email, func(a *db.Account) { a.PasswordHash = "" }) }, "no password: kunci user passwd 1 gives"},
		"Google alone": {func(h *house) {
			h.add(email, auth.Edit{GoogleID: ptr("g")})
			h.edit(email, func(a *db.Account) { a.PasswordHash = "" })
		}, "no password: the user can sign in with Google"},
		"not admitted": {func(h *house) { h.register(email, ""); _, _ = h.login(smart, email, goodPassword, home) }, "not admitted in smart: "},
		"admitted nowhere": {func(h *house) {
			h.add(email, auth.Edit{SelfRegistered: ptr(true)})
			h.Admit = nil
		}, "not admitted anywhere: "},
		"no membership":  {func(h *house) { h.add(email, auth.Edit{}); _, _ = h.login(dashboard, email, goodPassword, home) }, "no membership, which dashboard asks for: "},
		"slowed down":    {func(h *house) { h.add(email, auth.Edit{}); h.guesses(email, 6) }, "slowed down: after 5 wrong passwords for the name the next try is in 1s; kunci user passwd 1"},
		"wrong password": {func(h *house) { h.add(email, auth.Edit{}); h.guesses(email, 1) }, "wrong password: the last try (TRY) was refused; if that was the user, kunci user passwd 1 gives the account another password, or the user asks for a reset mail, which takes a server with --smtp-url"},
		"slowed down before": {func(h *house) { h.add(email, auth.Edit{}); h.guesses(email, 6); h.clock.add(2 * time.Second) },
			"slowed down for a while: 5 or more wrong passwords for the name; it may be tried again by now, and kunci user passwd 1 forgets them"},
		"a weak password": {func(h *house) { h.add(email, auth.Edit{}); _, _ = h.login(pwa, email, "weak and long", home) },
			"refused by pwa, and waiting does not help: the password that was typed in the last try (TRY) does not meet that API's rule (a lower-case and an upper-case letter, a digit, a special character, 8 characters); if that was the user, kunci user passwd 1 with one that does"},
		"a short password": {func(h *house) { h.add(email, auth.Edit{}); _, _ = h.login(dashboard, email, "short", home) },
			"refused by dashboard, and waiting does not help: the password that was typed "},
		"no password sent": {func(h *house) { h.add(email, auth.Edit{}); _, _ = h.login(snapotp, email, "", home) },
			"refused by snapotp, and waiting does not help: what was sent is not valid (password required), "},
		"it worked": {func(h *house) {
			h.add(email, auth.Edit{})
			h.guesses(email, 1)
			h.clock.add(time.Second)
			h.in(snapotp, email)
		},
			"nothing keeps the user out: the last sign-in worked: 2026-03-01T12:00:01Z, snapotp"},
		"a known range": {func(h *house) {
			h.add(email, auth.Edit{})
			h.in(snapotp, email)
			for range 11 {
				_, _ = h.login(snapotp, email, "wrong", home)
			}
		}, "slowed down: too many wrong passwords from where the user has signed in before"},
		"a known range before": {func(h *house) {
			h.add(email, auth.Edit{})
			h.in(snapotp, email)
			for range 11 {
				_, _ = h.login(snapotp, email, "wrong", home)
			}
			h.clock.add(5 * time.Minute)
		}, "slowed down for a while: 10 wrong passwords from where the user has signed in before; it may be"},
		"an address": {func(h *house) {
			h.add(email, auth.Edit{})
			for i := range 11 {
				_, _ = h.login(snapotp, "ghost"+string(rune('a'+i)), "wrong", stranger)
			}
			_, _ = h.login(snapotp, email, goodPassword, stranger)
		}, "too many tries from the address 198.51.100.20 (limit failures per minute): "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, func(c *auth.Config) { c.Limits.FailuresPerMinute = 11 })
			test.prepare(h)
			got := lastTry.ReplaceAllString(h.why(email).Verdict, "the last try (TRY)")
			if !strings.HasPrefix(got, test.want) {
				t.Errorf("%q, want %q", got, test.want)
			} else if name != "no account" && strings.Contains(got, email) {
				t.Errorf("%q runs what is in the e-mail", got)
			}
		})
	}
}

func TestWhyFacts(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add("budi@example.com", h.company())
	must[*auth.User](t)(h.op.SetUser(t.Context(), "budi@example.com", auth.Edit{Username: ptr("budi")}))
	h.in(dashboard, "budi@example.com")
	h.in(snapotp, "budi")
	h.resetLink("budi@example.com")
	h.guesses("budi", 7)
	h.guesses("budi@example.com", 5)
	for range 3 { // as many as are told
		h.clock.add(time.Hour)
		h.guesses("budi", 4)
	}
	h.guesses("budi", 3)
	w := h.why("BUDI")
	if w.User == nil || w.User.Email != "budi@example.com" || w.Sessions != 2 || w.KnownRanges != 1 || w.KnownRangeFull {
		t.Errorf("%+v", w)
	}
	if diff := cmp.Diff([]string{"dashboard", "pwa", "shoop", "smart", "snapotp"}, w.Admitted); diff != "" {
		t.Error(diff)
	}
	if len(w.Links) != 0 { // it was good for half an hour
		t.Errorf("links %v", w.Links)
	}
	if len(w.Delays) != 1 || w.Delays[0].Name != "budi" || w.Delays[0].Rest < 1 || w.Delays[0].Failures != 5 || !w.Delays[0].Until.Equal(h.clock.Now().Add(time.Duration(w.Delays[0].Rest)*time.Second)) {
		t.Errorf("delays %+v", w.Delays)
	}
	if len(w.Attempts) != 10 || w.Attempts[9].Event != "sign-in" {
		t.Errorf("%d attempts", len(w.Attempts))
	}
	h.resetLink("budi@example.com")
	if w := h.why("budi"); len(w.Links) != 1 || w.Links[0].Purpose != "reset" || !w.Links[0].Expires.Equal(h.clock.Now().Add(30*time.Minute)) {
		t.Errorf("links %v", w.Links)
	}
}

// Who asks for a name that nobody has hears of what was tried, whatever its
// spelling; and asking changes nothing.
func TestWhyNobody(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.guesses("Ghost@Example.com", 6)
	for range 2 {
		w := h.why("ghost@example.com")
		if w.User != nil || len(w.Attempts) != 6 || w.Attempts[5].Reason != "limit identifier" || w.Attempts[5].Address == "" || len(w.Delays) != 1 {
			t.Errorf("%+v", w)
		}
	}
}

// A password that an operator gives ends the delays of its account's names, in
// the memory, in the store and on the way there.
func TestSetPasswordClearsDelays(t *testing.T) {
	t.Parallel()
	for name, between := range map[string]func(h *house) *house{
		"not stored yet": func(h *house) *house { return h },
		"stored":         func(h *house) *house { h.check(h.SaveDelays(h.t.Context())); return h },
		"after a restart": func(h *house) *house {
			h.check(h.SaveDelays(h.t.Context()))
			again := *h
			again.Service = auth.New(h.Config)
			again.op.Service = again.Service
			return &again
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.add("budi@example.com", auth.Edit{Username: ptr("budi")})
			h.guesses("budi", 6)
			h.guesses("budi@example.com", 6)
			h = between(h)
			if w := h.why("budi"); len(w.Delays) != 2 {
				t.Fatalf("delays %+v", w.Delays)
			}
			h.check(h.op.SetPassword(t.Context(), "budi", goodPassword+"2", "en"))
			h.check(h.SaveDelays(t.Context()))
			for range 2 {
				if w := h.why("budi"); len(w.Delays) != 0 {
					t.Errorf("delays %+v", w.Delays)
				}
				for _, who := range []string{"budi", "budi@example.com"} {
					must[*auth.Grant](t)(h.login(snapotp, who, goodPassword+"2", "203.0.113.9"))
				}
			}
		})
	}
}
