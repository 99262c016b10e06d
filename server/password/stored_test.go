package password_test

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"kunci/server/password"
)

const (
	salt16 = "AAECAwQFBgcICQoLDA0ODw"
	tag32  = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
)

func TestStored(t *testing.T) {
	t.Parallel()
	for stored, want := range map[string]string{
		"":         "",
		reference:  "argon2id",
		blowfish:   "bcrypt",
		blowfish72: "bcrypt",
		php:        "bcrypt",
		"$argon2id$v=19$m=262144,t=10,p=16$" + salt16 + "$" + tag32:   "argon2id",
		"$argon2id$v=19$m=8,t=1,p=1$AAECAwQFBgc$" + salt16:            "argon2id", // the least
		strings.Replace(blowfish, "$05$", "$04$", 1):                  "bcrypt",
		strings.Replace(blowfish, "$05$", "$14$", 1):                  "bcrypt",
		"$argon2id$v=19$m=64,t=1,p=1$" + salt16 + "$" + tag32[:42]:    "unknown", // unused bits set
		"$argon2id$v=19$m=64,t=1,p=1$" + salt16 + "=$" + tag32:        "unknown",
		"$argon2id$v=19$m=64,t=1,p=1$" + salt16 + "\n$" + tag32:       "unknown",
		"$argon2id$v=19$m=64,t=1,p=1$AAECAwQFBgcICQoLDA0ODx$" + tag32: "unknown",
		"$argon2id$v=19$m=64,t=1,p=1$AAECAwQFBg$" + tag32:             "unknown", // 7 bytes of salt
		"$argon2id$v=19$m=64,t=1,p=1$AAECAwQFBg$" + tag32 + "$":       "unknown",
		"$argon2id$v=19$m=64,t=1,p=1$$" + tag32:                       "unknown",
		"$argon2id$v=19$m=64,t=1,p=1$" + salt16 + "$":                 "unknown",
		"$argon2id$v=19$m=64,t=1,p=1$" + salt16 + "$" + salt16[:20]:   "unknown", // 15 bytes of tag
		"$argon2id$v=19$m=64,t=1,p=1$" + salt16:                       "unknown",
		"$argon2id$v=19$m=64,t=1,p=1$" + salt16 + "$" + tag32 + "$x":  "unknown",
		"$argon2id$v=19$t=1,m=64,p=1$" + salt16 + "$" + tag32:         "unknown",
		"$argon2id$v=19$m=64,t=1$" + salt16 + "$" + tag32:             "unknown",
		"$argon2id$v=19$m=64,t=1,p=1,keyid=x$" + salt16 + "$" + tag32: "unknown",
		"$argon2id$v=19$m=064,t=1,p=1$" + salt16 + "$" + tag32:        "unknown",
		"$argon2id$v=19$m=+64,t=1,p=1$" + salt16 + "$" + tag32:        "unknown",
		"$argon2id$v=19$m=0x40,t=1,p=1$" + salt16 + "$" + tag32:       "unknown",
		"$argon2id$v=19$m=64,t=1,p=257$" + salt16 + "$" + tag32:       "unknown", // 1 in 8 bits
		"$argon2id$v=19$m=4294967360,t=1,p=1$" + salt16 + "$" + tag32: "unknown", // 64 in 32 bits
		"$argon2id$v=16$m=64,t=1,p=1$" + salt16 + "$" + tag32:         "unknown",
		"$argon2id$m=64,t=1,p=1$" + salt16 + "$" + tag32:              "unknown",
		"$argon2i$v=19$m=64,t=1,p=1$" + salt16 + "$" + tag32:          "unknown",
		"$ARGON2ID$v=19$m=64,t=1,p=1$" + salt16 + "$" + tag32:         "unknown",
		" " + blowfish:                               "unknown",
		blowfish + "x":                               "unknown", // x/crypto alone would take it
		blowfish[:59]:                                "unknown",
		blowfish[:59] + "X":                          "unknown", // unused bits set
		blowfish[:30] + "\x00" + blowfish[31:]:       "unknown",
		strings.Replace(blowfish, "$05$", "$+5$", 1): "unknown",
		strings.Replace(blowfish, "$05$", "$05.", 1): "unknown",
		strings.Replace(blowfish, "$2a$", "$2x$", 1): "unknown",
		strings.Replace(blowfish, "$2a$", "$2$", 1):  "unknown",
		"$1$abcdefgh$0123456789abcdefghijkl":         "unknown",
		"5ebe2294ecd0e0f08eab7690d2a6ee69":           "unknown",
		"plain":                                      "unknown",
	} {
		if got := password.Family(stored); got != want {
			t.Errorf("Family(%q) = %q, want %q", stored, got, want)
		}
		err := password.Check(stored)
		if (err == nil) != (want != "unknown") || err != nil && !errors.Is(err, password.ErrStored) {
			t.Errorf("Check(%q) = %v", stored, err)
		}
	}
}

// hostile are hashes that would cost seconds, gigabytes or days to check.
var hostile = []string{
	"$argon2id$v=19$m=262145,t=1,p=1$" + salt16 + "$" + tag32,
	"$argon2id$v=19$m=4294967295,t=1,p=1$" + salt16 + "$" + tag32,
	"$argon2id$v=19$m=64,t=11,p=1$" + salt16 + "$" + tag32,
	"$argon2id$v=19$m=64,t=4294967295,p=1$" + salt16 + "$" + tag32,
	"$argon2id$v=19$m=64,t=0,p=1$" + salt16 + "$" + tag32,
	"$argon2id$v=19$m=64,t=1,p=0$" + salt16 + "$" + tag32,
	"$argon2id$v=19$m=2048,t=1,p=17$" + salt16 + "$" + tag32,
	"$argon2id$v=19$m=7,t=1,p=1$" + salt16 + "$" + tag32,
	"$argon2id$v=19$m=64,t=1,p=1$" + salt16 + "$" + strings.Repeat("A", 88),
	"$argon2id$v=19$m=64,t=1,p=1$" + strings.Repeat("A", 88) + "$" + tag32,
	"$argon2id$v=19$m=64,t=1,p=1$" + salt16 + "$" + strings.Repeat("A", 1<<20),
	"$2a$15$" + blowfish[7:],
	"$2b$31$" + blowfish[7:],
	"$2y$99$" + blowfish[7:],
	"$2a$03$" + blowfish[7:],
	"$2a$00$" + blowfish[7:],
	strings.Repeat("$2a$", 1<<20),
}

func TestHostile(t *testing.T) {
	t.Parallel()
	for _, stored := range hostile {
		if err := password.Check(stored); !errors.Is(err, password.ErrStored) {
			t.Errorf("Check(%.80q) = %v", stored, err)
		}
	}
}

// FuzzStored holds the parser to its bounds by reading accepted hashes a second way.
func FuzzStored(f *testing.F) {
	for _, s := range append([]string{"", reference, reference2, blowfish, php, "$2a$", "$argon2id$v=19$"}, hostile...) {
		if len(s) <= 1024 {
			f.Add(s)
		}
	}
	f.Fuzz(func(t *testing.T, stored string) {
		family, err := password.Family(stored), password.Check(stored)
		if err != nil {
			if family != "unknown" || !errors.Is(err, password.ErrStored) {
				t.Errorf("%q: family %q, %v", stored, family, err)
			}
			return
		}
		switch {
		case family == "" && stored == "":
		case family == "bcrypt" && len(stored) == 60 && stored[4:6] >= "04" && stored[4:6] <= "14":
		case family == "argon2id" && boundedArgon2id(stored):
		default:
			t.Errorf("%q accepted as %q", stored, family)
		}
	})
}

// phc is the whole form of an argon2id hash. A salt of 8–64 bytes is 11–86 characters,
// a tag of 16–64 is 22–86.
var phc = regexp.MustCompile(`^\$argon2id\$v=19\$m=([1-9]\d{0,5}),t=([1-9]\d?),p=([1-9]\d?)\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}$`)

// boundedArgon2id reads the bounds of an argon2id hash independently of the package.
func boundedArgon2id(stored string) bool {
	m := phc.FindStringSubmatch(stored)
	if m == nil {
		return false
	}
	memory, err1 := strconv.Atoi(m[1])
	time, err2 := strconv.Atoi(m[2])
	threads, err3 := strconv.Atoi(m[3])
	return err1 == nil && err2 == nil && err3 == nil &&
		memory >= 8*threads && memory <= 256*1024 && time <= 10 && threads <= 16
}
