package password_test

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"kunci/server/password"
)

func seeds(f *testing.F) {
	for _, s := range append([]string{"", reference, reference2, blowfish, php, "$2a$", "$argon2id$v=19$"}, hostile...) {
		if len(s) <= 1024 {
			f.Add(s)
		}
	}
	for _, family := range families {
		f.Add(family.foreign)
		f.Add(password.Decoy(family.kind))
	}
}

// FuzzStored holds the parser to its bounds by reading accepted hashes a second way.
func FuzzStored(f *testing.F) {
	seeds(f)
	h := password.New(cheap, 1)
	f.Fuzz(func(t *testing.T, stored string) {
		family, err := password.Family(stored), password.Check(stored)
		if err != nil {
			if family != "unknown" || !errors.Is(err, password.ErrStored) {
				t.Errorf("%q: family %q, %v", stored, family, err)
			}
			return
		}
		// What passes needs no work to be imported, so nobody need be there for it.
		gone, leave := context.WithCancel(t.Context())
		leave()
		canonical, err := h.Import(gone, stored)
		if err != nil {
			t.Fatalf("%q: import: %v", stored, err)
		}
		if !bounded(canonical) {
			t.Errorf("%q, family %q, accepted as %q", stored, family, canonical)
		}
	})
}

// FuzzImport: whatever is imported is stored in one spelling, of a kind that can be
// measured, and fast hashes only wrapped.
func FuzzImport(f *testing.F) {
	seeds(f)
	h := password.New(password.Params{Memory: 8, Time: 1, Threads: 1}, 1)
	f.Fuzz(func(t *testing.T, foreign string) {
		stored, err := h.Import(t.Context(), foreign)
		if err != nil {
			if !errors.Is(err, password.ErrStored) || stored != "" || password.Check(foreign) == nil {
				t.Errorf("%q: %q, %v", foreign, stored, err)
			}
			return
		}
		if !bounded(stored) {
			t.Errorf("%q is stored as %q", foreign, stored)
		}
		if fast := password.Check(foreign) != nil; fast && !strings.HasPrefix(stored, wrap) {
			t.Errorf("%q is stored bare, as %q", foreign, stored)
		}
		if again, err := h.Import(t.Context(), stored); err != nil || again != stored {
			t.Errorf("%q, stored as %q, is imported as %q, %v", foreign, stored, again, err)
		}
	})
}

// forms are the whole forms of stored hashes, and the most that their numbers may be. A
// salt of 8–64 bytes is 11–86 characters, a tag of 16–64 is 22–86.
var forms = []struct {
	form *regexp.Regexp
	most []int
}{
	{regexp.MustCompile(`^\$argon2id?\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}$`), []int{262144, 10, 16}},
	{regexp.MustCompile(`^(?:|bcrypt_sha256\$|\$wp)\$2[aby]\$(\d\d)\$[A-Za-z0-9./]{53}$`), []int{14}},
	{regexp.MustCompile(`^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$[A-Za-z0-9+/]{2,86}\$[A-Za-z0-9+/]{22,86}$`), []int{20, 64, 16}},
	{regexp.MustCompile(`^\$pbkdf2-sha(?:1|256)\$i=(\d+)\$[A-Za-z0-9+/]{2,86}\$[A-Za-z0-9+/]{22,43}$`), []int{5000000}},
	{regexp.MustCompile(`^\$pbkdf2-sha512\$i=(\d+)\$[A-Za-z0-9+/]{2,86}\$[A-Za-z0-9+/]{22,86}$`), []int{2000000}},
	{regexp.MustCompile(`^\$5\$rounds=(\d+)\$[!-#%-9;-~]{0,16}\$[A-Za-z0-9./]{43}$`), []int{1000000}},
	{regexp.MustCompile(`^\$6\$rounds=(\d+)\$[!-#%-9;-~]{0,16}\$[A-Za-z0-9./]{86}$`), []int{1000000}},
	{regexp.MustCompile(`^\$kunci-wrap\$[a-z0-9-]+(?:,[a-z]+=[a-z0-9]+)*\$[A-Za-z0-9+/]{0,86}\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}$`), []int{262144, 10, 16}},
}

// bounded reads a stored hash independently of the package.
func bounded(stored string) bool {
	for _, f := range forms {
		found := f.form.FindStringSubmatch(stored)
		if found == nil {
			continue
		}
		for i, digits := range found[1:] {
			n, err := strconv.Atoi(digits)
			if err != nil || n > f.most[i] || n == 0 {
				return false
			}
		}
		return true
	}
	return stored == ""
}
