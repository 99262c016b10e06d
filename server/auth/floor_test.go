package auth_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"kunci/db"
	"kunci/server/auth"
	"kunci/server/password"
)

// Whoever asks with a wrong password waits as long as the slowest hash takes,
// whatever stands behind the name.
func TestRefusalsTakeTheSameTime(t *testing.T) {
	quick := password.Params{Memory: 256, Time: 1, Threads: 1}
	h := newHouse(t, func(c *auth.Config) { c.Hasher = password.New(quick, 2); c.Limits = auth.Limits{} })
	slow, err := password.New(password.Params{Memory: 4 << 10, Time: 1, Threads: 1}, 1).Hash(t.Context(), goodPassword)
	if err != nil {
		t.Fatal(err)
	}
	fast, err := bcrypt.GenerateFromPassword([]byte(goodPassword), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	for name, hash := range map[string]string{"argon": slow, "bcrypt": string(fast), "current": "", "disabled": "", "nopassword": ""} {
		h.register(name+"@example.com", name)
		h.edit(name+"@example.com", func(a *db.Account) {
			if hash != "" {
				a.PasswordHash = hash
			}
			a.Disabled = name == "disabled"
			if name == "nopassword" {
				a.PasswordHash = ""
			}
		})
	}
	if err := h.MeasureFloor(t.Context()); err != nil {
		t.Fatal(err)
	}
	names := []string{"argon", "bcrypt", "current", "disabled", "nopassword", "unknown"}
	rounds := 5
	if os.Getenv("TEST_LONG") != "" {
		rounds = 200
	}
	for what, pw := range map[string]string{"short": "x", "long": strings.Repeat("y", 200), "two forms": "e\u0301" + goodPassword, "right but disabled": goodPassword} {
		took := map[string][]time.Duration{}
		for range rounds {
			for _, name := range names {
				if pw == goodPassword && name != "disabled" && name != "unknown" && name != "nopassword" {
					continue
				}
				h.clock.add(time.Hour) // past every delay of a name
				began := time.Now()
				_, err := h.login(snapotp, name, pw, home)
				took[name] = append(took[name], time.Since(began))
				wantKind(t, err, auth.Unauthenticated)
			}
		}
		var medians []time.Duration
		for name, all := range took {
			slices.Sort(all)
			medians = append(medians, all[len(all)/2])
			t.Logf("%s, %s: %v", what, name, all[len(all)/2])
		}
		if spread := slices.Max(medians) - slices.Min(medians); rounds > 100 && spread > 5*time.Millisecond {
			t.Errorf("%s: medians %v apart", what, spread)
		}
		if slices.Min(medians) < h.Floor() {
			t.Errorf("%s: a refusal came before %v", what, h.Floor())
		}
	}
	h.in(snapotp, "bcrypt") // the right password still opens
}
