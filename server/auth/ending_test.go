package auth_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"kunci/server/auth"
)

// endings are the acts that end an account's sessions.
var endings = map[string]func(h *house, g *auth.Grant) error{
	"sign-out": func(h *house, g *auth.Grant) error {
		_, err := h.SignOut(context.Background(), auth.Caller{}, g.Token)
		return err
	},
	"revoke": func(h *house, g *auth.Grant) error {
		i, err := h.Introspect(context.Background(), g.Token)
		if err != nil {
			return err
		}
		return h.op.RevokeSession(context.Background(), i.ID)
	},
	"revoke all": func(h *house, g *auth.Grant) error { return h.op.RevokeSessions(context.Background(), g.Email) },
	"disable":    func(h *house, g *auth.Grant) error { return h.op.Disable(context.Background(), g.Email) },
	"delete":     func(h *house, g *auth.Grant) error { return h.op.Delete(context.Background(), g.Email) },
	"set password": func(h *house, g *auth.Grant) error {
		return h.op.SetPassword(context.Background(), g.Email, "An0ther#Password", "en")
	},
	"reset": func(h *house, g *auth.Grant) error {
		_, err := h.Reset(context.Background(), caller(snapotp, home), auth.Reset{Token: h.resetLink(g.Email), Password: goodPassword})
		return err
	},
}

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	for name, end := range endings {
		h := newHouse(t)
		one, other := h.register("budi@example.com", ""), h.in(shoop, "budi@example.com")
		untouched := h.register("sari@example.com", "")
		if err := end(h, one); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		alone := name == "sign-out" || name == "revoke"
		if h.stands(one.Token) {
			t.Errorf("%s: the session stands", name)
		}
		if h.stands(other.Token) != alone {
			t.Errorf("%s: the account's other session: stands is %v", name, !alone)
		}
		if !h.stands(untouched.Token) {
			t.Errorf("%s: another account's session ended", name)
		}
		if sessions, err := h.op.Sessions("budi@example.com"); name != "delete" && (err != nil || len(sessions) != map[bool]int{true: 1}[alone]) {
			t.Errorf("%s: the operator sees %d sessions, %v", name, len(sessions), err)
		}
	}
}

// Whoever asks after the act has returned is refused, however many ask.
func TestSessionsEndWhileAsked(t *testing.T) {
	t.Parallel()
	for name, end := range endings {
		h := newHouse(t)
		h.register("budi@example.com", "")
		g := h.in(shoop, "budi@example.com") // a key: the store alone says whether it stands
		var ended atomic.Bool
		var late, before atomic.Int64
		var all, warm sync.WaitGroup
		warm.Add(20)
		for range 20 {
			all.Go(func() {
				for n := 0; ; n++ {
					was := ended.Load()
					_, err := h.WhoAmI(context.Background(), auth.Caller{}, g.Token)
					if was && err == nil {
						late.Add(1)
					}
					if !was && err == nil {
						before.Add(1)
					}
					if n == 0 {
						warm.Done()
					}
					if was {
						return
					}
					runtime.Gosched() // or the act waits behind twenty that only ask
				}
			})
		}
		warm.Wait()
		err := end(h, g)
		ended.Store(true)
		all.Wait()
		if err != nil || before.Load() < 20 {
			t.Errorf("%s: %v, %d answers before", name, err, before.Load())
		}
		if late.Load() != 0 {
			t.Errorf("%s: %d answers after it had returned", name, late.Load())
		}
	}
}

// A sign-in under way when an account is disabled leaves no session behind.
func TestDisableWhileSigningIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.register("budi@example.com", "")
	tokens := make([]string, 5)
	errs := atOnce(6, func(i int) error {
		if i == 5 {
			return h.op.Disable(context.Background(), "budi@example.com")
		}
		g, err := h.login(snapotp, "budi@example.com", goodPassword, home)
		if err == nil {
			tokens[i] = g.Token
		}
		return err
	})
	if errs[5] != nil {
		t.Fatal(errs[5])
	}
	for i, tok := range tokens {
		if errs[i] != nil {
			wantKind(t, errs[i], auth.Unauthenticated)
		} else if h.stands(tok) {
			t.Error("a session of a disabled account stands")
		}
	}
	if err := h.op.Enable(t.Context(), "budi@example.com"); err != nil {
		t.Fatal(err)
	}
	for i, tok := range tokens {
		if errs[i] == nil && h.stands(tok) {
			t.Error("a session from before came back when the account was enabled")
		}
	}
	h.in(snapotp, "budi@example.com")
}

// A sign-in with the right password survives that all sessions are revoked
// meanwhile: it is judged again.
func TestRevokeWhileSigningIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.register("budi@example.com", "")
	for range 10 {
		errs := atOnce(2, func(i int) error {
			if i == 1 {
				return h.op.RevokeSessions(context.Background(), "budi@example.com")
			}
			_, err := h.login(snapotp, "budi@example.com", goodPassword, home)
			return err
		})
		if err := errors.Join(errs...); err != nil {
			t.Error(err)
		}
	}
}

func TestIDsAreNeverReused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for want := uint64(1); want <= 4; want++ {
		g := h.register("budi@example.com", "budi")
		if g.ID != want {
			t.Errorf("id %d, want %d", g.ID, want)
		}
		if err := h.op.Delete(t.Context(), "budi@example.com"); err != nil {
			t.Fatal(err)
		}
		if h.stands(g.Token) {
			t.Error("a deleted account's session stands")
		}
	}
}
