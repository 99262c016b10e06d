package auth

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"kunci/server/password"
)

// Names without a hash are checked against the kinds that accounts have, as
// often as accounts have them, and each name against the same kind ever again.
func TestDecoysAreLikeTheAccounts(t *testing.T) {
	t.Parallel()
	const slow, fast = "$2b$12", "$argon2id$v=19$m=19456,t=2,p=1"
	var f floor
	if got := f.decoy(digest{1}); got != "" {
		t.Errorf("before anything is measured: %q", got)
	}
	f.set(map[string]time.Duration{slow: time.Second, fast: time.Millisecond, "": time.Millisecond},
		map[string]int64{slow: 750, fast: 249, "": 1, "unheard of": 5000})
	if f.span != 2*time.Second {
		t.Errorf("the floor is %v", f.span)
	}
	drawn := map[string]int{}
	for i := range 10_000 {
		sum := sha256.Sum256(fmt.Append(nil, "name", i))
		name := digest(sum[:])
		decoy := f.decoy(name)
		if err := password.Check(decoy); err != nil {
			t.Fatalf("%q: %v", decoy, err)
		}
		if f.decoy(name) != decoy {
			t.Fatal("a name's decoy changes")
		}
		for _, kind := range []string{slow, fast} {
			if strings.HasPrefix(decoy, kind) {
				drawn[kind]++
			}
		}
	}
	before := f.kinds
	f.set(map[string]time.Duration{slow: time.Second, fast: time.Millisecond, "": time.Millisecond}, map[string]int64{slow: 750, fast: 250, "": 1})
	moved := 0
	for i := range 10_000 {
		sum := sha256.Sum256(fmt.Append(nil, "name", i))
		is := f.decoy(digest(sum[:]))
		if was := (&floor{kinds: before}).decoy(digest(sum[:])); was != is {
			moved++
		}
	}
	if moved > 100 {
		t.Errorf("one account more changes the decoys of %d names of 10,000", moved)
	}
	if n := drawn[slow]; n < 7300 || n > 7700 {
		t.Errorf("%d of 10,000 are slow, where three quarters of the accounts are", n)
	}
	if n := drawn[fast]; n < 2300 || n > 2700 {
		t.Errorf("%d of 10,000 are fast, where one quarter of the accounts is", n)
	}
}
