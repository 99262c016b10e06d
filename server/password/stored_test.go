package password_test

import (
	"errors"
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
		"$argon2id$v=19$m=262144,t=3,p=16$" + salt16 + "$" + tag32:    "argon2id",
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
		"$argon2i$v=19$m=64,t=1,p=1$" + salt16 + "$" + tag32:          "argon2i",
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
	"$argon2i$v=19$m=262145,t=1,p=1$" + salt16 + "$" + tag32,
	"argon2$argon2id$v=19$m=64,t=11,p=1$" + salt16 + "$" + tag32,
	"bcrypt$$2b$15$" + blowfish[7:],
	"bcrypt_sha256$$2b$15$" + blowfish[7:],
	"$wp$2y$15$" + blowfish[7:],
	"$pbkdf2-sha1$i=5000001$" + salt16 + "$" + tag32,
	"$pbkdf2-sha256$i=5000001$" + salt16 + "$" + tag32,
	"$pbkdf2-sha512$i=2000001$" + salt16 + "$" + tag32,
	"$pbkdf2-sha256$4294967296$" + salt16 + "$" + tag32,
	"$pbkdf2-sha256$i=0$" + salt16 + "$" + tag32,
	"$pbkdf2-sha256$29000$" + salt16 + "$" + salt16[:20],
	"$pbkdf2-sha256$29000$$" + tag32,
	"$pbkdf2-sha256$29000$" + strings.Repeat("A", 88) + "$" + tag32,
	"pbkdf2_sha256$5000001$seasalt$" + tag32 + "=",
	"pbkdf2_sha256$29000$seasalt$" + salt16[:20],
	"pbkdf2_sha256$29000$$" + tag32 + "=",
	"pbkdf2_sha256$29000$" + strings.Repeat("a", 65) + "$" + tag32 + "=",
	"$scrypt$ln=19,r=8,p=1$" + salt16 + "$" + tag32, // 512 MiB
	"$scrypt$ln=18,r=8,p=3$" + salt16 + "$" + tag32, // 256 MiB, three times
	"$scrypt$ln=10,r=8,p=17$" + salt16 + "$" + tag32,
	"$scrypt$ln=2,r=65,p=1$" + salt16 + "$" + tag32,
	"$scrypt$ln=0,r=8,p=1$" + salt16 + "$" + tag32,
	"$scrypt$ln=10,r=0,p=1$" + salt16 + "$" + tag32,
	"$scrypt$ln=10,r=8,p=0$" + salt16 + "$" + tag32,
	"$scrypt$ln=64,r=8,p=1$" + salt16 + "$" + tag32,
	"$scrypt$ln=10,r=8,p=1$" + salt16 + "$" + salt16[:20],
	"scrypt$524288$seasalt$8$1$" + tag32 + "=",
	"scrypt$16385$seasalt$8$1$" + tag32 + "=",
	"scrypt$0$seasalt$8$1$" + tag32 + "=",
	"scrypt$16384$$8$1$" + tag32 + "=",
	"$5$rounds=1000001$saltsalt$" + strings.Repeat(".", 43),
	"$6$rounds=1000001$saltsalt$" + strings.Repeat(".", 86),
	"$6$rounds=999$saltsalt$" + strings.Repeat(".", 86),
	"$6$rounds=999999999999$saltsalt$" + strings.Repeat(".", 86),
	"$6$rounds=20000$" + strings.Repeat("s", 17) + "$" + strings.Repeat(".", 86),
	"$6$rounds=20000$salt salt$" + strings.Repeat(".", 86),
	"$6$rounds=20000$saltsalt$" + strings.Repeat(".", 85),
	"$6$rounds=20000$saltsalt$" + strings.Repeat(".", 85) + "2", // unused bits set
	"$5$rounds=20000$saltsalt$" + strings.Repeat(".", 42) + "E",
	"$1$ninechars$" + strings.Repeat(".", 22),
	"$1$saltsalt$" + strings.Repeat(".", 21) + "2",
	"$P$Jsaltsalt" + strings.Repeat(".", 22), // 2^21
	"$P$4saltsalt" + strings.Repeat(".", 22), // 2^6
	"$P$!saltsalt" + strings.Repeat(".", 22),
	"$P$Bsaltsal:" + strings.Repeat(".", 22),
	"md5$seasalt$3f86d0d3d465b7b458c231bf3555c0",
	"md5$" + strings.Repeat("s", 65) + "$3f86d0d3d465b7b458c231bf3555c0e3",
	"{SHA}X03MO1qnZdYdgyfeuILPmQ==", // an MD5
	"{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
	"{UNIX}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
	"5ebe2294ecd0e0f08eab7690d2a6ee6",
	"5ebe2294ecd0e0f08eab7690d2a6ee6g",
	strings.Repeat("$2a$", 1<<20),
}

func TestHostile(t *testing.T) {
	t.Parallel()
	h := password.New(cheap, 1)
	for _, stored := range hostile {
		if err := password.Check(stored); !errors.Is(err, password.ErrStored) {
			t.Errorf("Check(%.80q) = %v", stored, err)
		}
		if _, err := h.Import(t.Context(), stored); !errors.Is(err, password.ErrStored) {
			t.Errorf("Import(%.80q) = %v", stored, err)
		}
	}
}
