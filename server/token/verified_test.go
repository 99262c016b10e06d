package token_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kunci/server/token"

	"github.com/google/go-cmp/cmp"
)

// A token that was verified before is held to everything anew but its
// signature.
func TestVerifiedBeforeIsCheckedAnew(t *testing.T) {
	t.Parallel()
	r, _ := newRing(t)
	tok := sign(t, r, claims())
	for name, ask := range map[string]func() (token.Claims, error){
		"before iat and nbf": func() (token.Claims, error) { return r.Verify(tok, issuer, dialects(), at().Add(-61*time.Second)) },
		"at its end":         func() (token.Claims, error) { return r.Verify(tok, issuer, dialects(), at().Add(30*day)) },
		"other issuer":       func() (token.Claims, error) { return r.Verify(tok, issuer+".evil", dialects(), at()) },
		"other aud":          func() (token.Claims, error) { return r.Verify(tok, issuer, []string{"pwa"}, at()) },
		"no aud":             func() (token.Claims, error) { return r.Verify(tok, issuer, nil, at()) },
	} {
		want, err := r.Verify(tok, issuer, dialects(), at())
		if err != nil {
			t.Fatal(err)
		}
		if c, err := ask(); !errors.Is(err, token.ErrInvalid) || c.Subject != "" {
			t.Errorf("%s: %v, %v", name, c, err)
		}
		got, err := r.Verify(tok, issuer, dialects(), at())
		if err != nil {
			t.Errorf("after %s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("after %s: %s", name, diff)
		}
	}
	if diff := cmp.Diff(claims(), mustVerify(t, r, tok)); diff != "" {
		t.Error(diff)
	}
}

func mustVerify(t *testing.T, r *token.Ring, tok string) token.Claims {
	t.Helper()
	c, err := r.Verify(tok, issuer, dialects(), at())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A token that is refused because its time has not come is good in its time,
// and refused again outside of it.
func TestRefusedAtFirstVerifiesInItsTime(t *testing.T) {
	t.Parallel()
	r, _ := newRing(t)
	c := claims()
	c.NotBefore = at().Add(day)
	tok := sign(t, r, c)
	for _, step := range []struct {
		now time.Time
		ok  bool
	}{{at(), false}, {at(), false}, {at().Add(day), true}, {at(), false}, {at().Add(day), true}, {at().Add(30 * day), false}} {
		if err := verify(r, tok, step.now); (err == nil) != step.ok {
			t.Errorf("at %s: %v", step.now, err)
		}
	}
}

// What happens to a key counts at once for the tokens it signed, whether they
// were verified before or not.
func TestVerifiedBeforeAndItsKey(t *testing.T) {
	t.Parallel()
	r, _ := newRing(t)
	tok := sign(t, r, claims())
	want := func(what string, now time.Time, ok bool) {
		t.Helper()
		if err := verify(r, tok, now); (err == nil) != ok {
			t.Errorf("%s: %v", what, err)
		}
	}
	want("at first", at(), true)
	rotate(t, r, at(), at().Add(day))
	want("rotated", at(), true)
	want("the last second of its key", at().Add(day-time.Second), true)
	want("retired", at().Add(day), false)
	if n, err := r.Prune(at().Add(2 * day)); n != 1 || err != nil {
		t.Fatalf("pruned %d, %v", n, err)
	}
	want("gone", at(), false)

	young := sign(t, r, claims())
	if err := verify(r, young, at()); err != nil {
		t.Fatal(err)
	}
	rotate(t, r, at(), at().Add(-time.Second))
	if verify(r, young, at()) == nil {
		t.Error("a key that was retired at once still verifies")
	}
}

// Once Rotate has returned, nobody finds the retired key's token good.
func TestRetiredWhileVerified(t *testing.T) {
	t.Parallel()
	r, _ := newRing(t)
	tok := sign(t, r, claims())
	var retired atomic.Bool
	var readers, warm sync.WaitGroup
	warm.Add(8)
	for range 8 {
		readers.Go(func() {
			for n := 0; ; n++ {
				was := retired.Load()
				err := verify(r, tok, at())
				if was && err == nil {
					t.Error("verified after its key had been retired")
				}
				if n == 3 {
					warm.Done()
				}
				if was && n >= 3 {
					return
				}
			}
		})
	}
	warm.Wait()
	rotate(t, r, at(), at().Add(-time.Second))
	retired.Store(true)
	readers.Wait()
}
