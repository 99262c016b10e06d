package password_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"kunci/server/password"
)

// Cost tells kinds of hashes apart by what a failed check of them takes, and a
// check says when it began and how many forms of the password it tried.
func TestCost(t *testing.T) {
	t.Parallel()
	h := password.New(cheap, 2)
	cost := func(kind string) time.Duration {
		t.Helper()
		took, err := h.Cost(t.Context(), kind)
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		return took
	}
	own, err := h.Hash(t.Context(), "rahasia-baru")
	if err != nil {
		t.Fatal(err)
	}
	kind := strings.Join(strings.Split(own, "$")[:4], "$")
	for _, k := range []string{"", kind, "$2b$04", "$2y$05"} {
		if cost(k) <= 0 {
			t.Errorf("%q costs nothing", k)
		}
	}
	if cheap, dear := cost("$2a$04"), cost("$2a$07"); dear < 3*cheap { // 8 times the work
		t.Errorf("bcrypt 4 took %v, bcrypt 7 %v", cheap, dear)
	}
	for _, k := range []string{"$2b$31", "$argon2id$v=19$m=9999999,t=2,p=1", "$6$rounds=5000"} {
		if _, err := h.Cost(t.Context(), k); !errors.Is(err, password.ErrStored) {
			t.Errorf("%q: %v", k, err)
		}
	}
	before := time.Now()
	for pw, forms := range map[string]int{"rahasia": 1, "e\u0301": 2} {
		r, err := h.Verify(t.Context(), own, pw)
		if err != nil || r.Forms != forms || r.Began.Before(before) || r.Began.After(time.Now()) {
			t.Errorf("%q: %+v, %v", pw, r, err)
		}
	}
}
