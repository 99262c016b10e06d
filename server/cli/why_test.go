package cli_test

import (
	"regexp"
	"testing"
)

// Who guesses at a name slows that name down, which does not read as if an
// address were kept out.
func TestWhyOfGuesses(t *testing.T) {
	t.Parallel()
	dir := dev(t)
	p := serve(t, dir, "--dev")
	for range 6 {
		_, _ = p.ask(t, "/api/auth/login", "", `{"username": "johndoe", "password": "wrong"}`)
	}
	// How long the name has to wait is over in a second or two.
	said := fine(t, "user", "why", "johndoe", "--data", dir)
	now := `^slowed down: after [56] wrong passwords for the name the next try is in \ds; kunci user passwd 1 clears it at once\n(.*\n)*slowed down +johndoe, after [56] wrong passwords; next try in \ds\n`
	over := `^slowed down for a while: 5 or more wrong passwords for the name; it may be tried again by now, and kunci user passwd 1 forgets them\n`
	slow := `^wrong password: ` // each try took a second
	if !regexp.MustCompile(now + "|" + over + "|" + slow).MatchString(said) {
		t.Error(said)
	}
}
