package auth_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kunci/db"
	"kunci/db/dbtest"
	"kunci/server/auth"
)

// tally counts what an observer is told.
type tally struct {
	mu sync.Mutex
	of map[string]int
}

func (n *tally) count(what string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.of[what]++
}

// take is what was counted since the last take.
func (n *tally) take() map[string]int {
	n.mu.Lock()
	defer n.mu.Unlock()
	was := n.of
	n.of = map[string]int{}
	return was
}

// observed counts acts as "act dialect outcome", limits by their rule.
func observed(n *tally) func(*auth.Config) {
	n.of = map[string]int{}
	return func(c *auth.Config) {
		c.Observer = auth.Observer{
			Acted:   func(a auth.Act, dialect string, o auth.Outcome) { n.count(fmt.Sprintf("%s %s %s", a, dialect, o)) },
			Limited: func(rule string) { n.count("limit " + rule) },
		}
	}
}

// Every act is told of once, with the dialect and one word for what came of it.
func TestObserver(t *testing.T) {
	t.Parallel()
	n := &tally{}
	h := newHouse(t, observed(n), social(auth.SocialTrust, auth.SocialOff), func(c *auth.Config) {
		c.Limits = auth.Limits{FailuresPerMinute: 3, ForgotsPerTenMinutes: 2, SignUpsPerHour: 3}
	})
	ctx := t.Context()
	signUp := func(email, pw string) error {
		_, err := h.SignUp(ctx, caller(snapotp, home), auth.SignUp{Email: email, Password: pw, Name: "Budi Santoso"})
		return err
	}
	forgot := func(a *auth.Audience) error {
		_, err := h.Forgot(ctx, caller(a, home), auth.Forgot{Email: "budi@example.com"})
		return err
	}
	page := caller(nil, stranger)
	for _, step := range []struct {
		do   func() error
		want string
	}{
		{func() error { return signUp("budi@example.com", goodPassword) }, "sign-up snapotp ok"},
		{func() error { return signUp("budi@example.com", goodPassword) }, "sign-up snapotp refused"},
		{func() error { return signUp("budi", goodPassword) }, "sign-up snapotp invalid"},
		{func() error { return signUp("siti@example.com", goodPassword) }, "sign-up snapotp ok"},
		{func() error { return signUp("eka@example.com", goodPassword) }, "limit sign-ups per hour, sign-up snapotp limited"},
		{func() error { _, err := h.login(shoop, "budi@example.com", goodPassword, home); return err }, "sign-in shoop ok"},
		{func() error { _, err := h.login(snapotp, "budi@example.com", newPassword, home); return err }, "sign-in snapotp wrong"},
		{func() error { _, err := h.login(snapotp, "nobody@example.com", newPassword, home); return err }, "sign-in snapotp wrong"},
		{func() error { _, err := h.login(pwa, "budi@example.com", goodPassword, home); return err }, "sign-in pwa refused"},
		{func() error { _, err := h.login(smart, "", goodPassword, home); return err }, "sign-in smart invalid"},
		{func() error { _, err := h.login(smart, "eka@example.com", newPassword, home); return err }, "sign-in smart wrong"},
		{func() error { _, err := h.login(smart, "eka@example.com", newPassword, home); return err }, "limit failures per minute, sign-in smart limited"},
		{func() error { _, err := h.signInFacebook("a", "b"); return err }, "sign-in shoop refused"},
		{func() error {
			_, err := h.SignInGoogle(ctx, caller(snapotp, stranger), auth.SignInGoogle{GoogleID: "7", Email: "eka@example.com", Name: "Eka"})
			return err
		}, "sign-in snapotp ok, sign-up snapotp ok"},
		{func() error { return forgot(snapotp) }, "forgot snapotp ok"},
		{func() error { return forgot(shoop) }, "forgot shoop ok"},
		{func() error { return forgot(nil) }, "forgot  limited, limit forgots per ten minutes"},
		{func() error { _, err := h.Reset(ctx, page, auth.Reset{Token: "x", Password: goodPassword}); return err }, "reset  wrong"},
		{func() error { _, err := h.Confirm(ctx, page, "x"); return err }, "confirm  wrong"},
		{func() error { _, err := h.SignOut(ctx, caller(smart, home), "x"); return err }, "sign-out smart wrong"},
		{func() error {
			_, err := h.SignOut(ctx, caller(smart, home), h.token("budi@example.com", n))
			return err
		}, "sign-out smart ok"},
	} {
		err := step.do()
		if got := strings.Join(slices.Sorted(maps.Keys(n.take())), ", "); got != step.want {
			t.Errorf("told %q, want %q (%v)", got, step.want, err)
		}
	}
	for want := range n.take() {
		t.Errorf("told %q of nothing", want)
	}
}

// token is of a session that nobody is told of.
func (h *house) token(email string, n *tally) string {
	h.t.Helper()
	g, err := h.login(snapotp, email, goodPassword, "203.0.113.5")
	n.take()
	return must[*auth.Grant](h.t)(g, err).Token
}

// A store that takes no writes, and a fault of ours, are outcomes of their own.
func TestObserverOfTrouble(t *testing.T) {
	t.Parallel()
	n := &tally{}
	engine, _ := dbtest.Engine(t)
	store, err := db.New(engine)
	if err != nil {
		t.Fatal(err)
	}
	h := houseOver(t, store, observed(n))
	h.register("siti@example.com", "siti")
	tok := h.register("budi@example.com", "budi").Token
	h.check(engine.Update(t.Context(), func(w db.Writer) error {
		var first []byte // siti
		w.Scan("account", nil, nil, func(key, _ []byte) bool { first = bytes.Clone(key); return false })
		w.Put("account", first, []byte("damaged"))
		return nil
	}))
	n.take()
	_, err = h.login(snapotp, "siti", goodPassword, home)
	wantKind(t, err, auth.Internal)
	if diff := cmp.Diff(map[string]int{"sign-in snapotp failed": 1}, n.take()); diff != "" {
		t.Error(diff)
	}
	h.check(h.Store.Close())
	_, err = h.SignOut(t.Context(), caller(smart, home), tok)
	wantKind(t, err, auth.Busy)
	if diff := cmp.Diff(map[string]int{"sign-out smart busy": 1}, n.take()); diff != "" {
		t.Error(diff)
	}
}

// Names of outcomes and rules are all there are, each once, so that whoever
// counts them can begin at zero.
func TestOutcomesAndRules(t *testing.T) {
	t.Parallel()
	for _, names := range [][]string{auth.Rules(), outcomeNames()} {
		if sorted := slices.Compact(slices.Sorted(slices.Values(names))); len(sorted) != len(names) || slices.Contains(names, "") {
			t.Errorf("%q", names)
		}
	}
}

func outcomeNames() (names []string) {
	for _, o := range auth.Outcomes() {
		names = append(names, string(o))
	}
	return names
}
