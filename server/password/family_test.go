package password_test

import (
	"errors"
	"strings"
	"testing"

	"kunci/server/password"
)

const (
	wrap  = "$kunci-wrap$"
	outer = "$argon2id$v=19$m=64,t=1,p=1" // of cheap

	letmein = "l\u00e8tmein"                               // Django's tests
	wav     = "\u0399\u03c9\u03b1\u03bd\u03bd\u03b7\u03c2" // passlib's tests
)

// families has hashes of other systems, most from the origin of their kind: the
// reference implementation of argon2; crypt_blowfish; passlib's and Django's tests;
// phpass' test.php. sha-crypt's are the examples of Ulrich Drepper's specification as
// libxcrypt computes them. "made" are those that other implementations made: perl's
// crypt (libxcrypt) and Digest::SHA, openssl passwd, python's hashlib.
var families = []struct {
	name     string
	foreign  string
	password string
	salt     string // as it stands in foreign; "" for none, or where a check takes long
	family   string
	kind     string // of what is stored
}{
	{"argon2i", "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8", "password", "c29tZXNhbHQ", "argon2i", "$argon2i$v=19$m=256,t=2,p=1"},
	{"argon2id, Django", "argon2" + reference, "password", "c29tZXNhbHQ", "argon2id", "$argon2id$v=19$m=256,t=2,p=1"},
	{"bcrypt", blowfish, "U*U", "CCCC", "bcrypt", "$2a$05"},
	{"bcrypt, Django", "bcrypt$" + blowfish, "U*U", "CCCC", "bcrypt", "$2a$05"},
	{"bcrypt, LDAP", "{CRYPT}" + blowfish, "U*U", "CCCC", "bcrypt", "$2a$05"},
	{"bcrypt of SHA-256, Django, made", "bcrypt_sha256$$2b$04$abcdefghijklmnopqrstuulyx/yrfLnuLCi6gwFG5mrkJjuQKpL6S", letmein, "abcd", "bcrypt-sha256", "bcrypt_sha256$$2b$04"},
	{"bcrypt of SHA-384, WordPress, made", "$wp$2y$04$abcdefghijklmnopqrstuuvVcN26Qszf/bgHTEy5wqn1LFLMIFXUq", "password", "abcd", "bcrypt-sha384", "$wp$2y$04"},
	{"scrypt, made", "$scrypt$ln=10,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$OnwHgqTb31Q6zXxSL+hT2bNKu4ryelxll0iM3yKBQLU", "password", "AAECAw", "scrypt", "$scrypt$ln=10,r=8,p=1"},
	{"scrypt, Django", "scrypt$16384$seasalt$8$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafTJ7tibgfYz71m0ldQESkXFRkdVCBhhY8mx7rQwite/Pw==", letmein, "seasalt", "scrypt", "$scrypt$ln=14,r=8,p=1"},
	{"scrypt, fast, made", "$scrypt$ln=4,r=1,p=1$c2FsdA$7sgKRg7qq2L+FjCxlJfnumof+F9QgHuc/lKp8ZLltgw", "", "c2FsdA", "argon2id(scrypt)", wrap + "scrypt,ln=4,r=1,p=1,l=32" + outer},
	{"pbkdf2, passlib", "$pbkdf2-sha256$29000$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk", "toomanysecrets", "N2YM", "pbkdf2-sha256", "$pbkdf2-sha256$i=29000"},
	{"pbkdf2, PHC", "$pbkdf2-sha256$i=29000,l=32$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A+WF/Z5JZv+lfCIhXXN33N23OSgQYThBYRfk", "toomanysecrets", "N2YM", "pbkdf2-sha256", "$pbkdf2-sha256$i=29000"},
	{"pbkdf2, Django", "pbkdf2_sha256$20000$seasalt2$Flpve/uAcyo6+IFI6YAhjeABGPVbRQjzHDxRhqxewgw=", letmein, "seasalt2", "pbkdf2-sha256", "$pbkdf2-sha256$i=20000"},
	{"pbkdf2 of SHA-1, Django", "pbkdf2_sha1$20000$seasalt2$pJt86NmjAweBY1StBvxCu7l1o9o=", letmein, "seasalt2", "pbkdf2-sha1", "$pbkdf2-sha1$i=20000"},
	{"pbkdf2 of SHA-1, two blocks, made", "$pbkdf2-sha1$i=20000,l=32$AAECAwQFBgcICQoLDA0ODw$Kn1FJuAQG/R44FhuUf0WpZ9bjHi/hCB7sgunu5OjUTE", "password", "AAECAw", "pbkdf2-sha1", "$pbkdf2-sha1$i=20000"},
	{"pbkdf2 of SHA-512, made", "$pbkdf2-sha512$20000$AAECAwQFBgcICQoLDA0ODw$e8ybvuwy6t8mnwlsOojn3Td1ZNi5k77seBIbNmHnhIXU31K84IC1v6B7PYi.F9Mhgv5r7mBStIRyOJkyOrOK9Q", "password", "AAECAw", "pbkdf2-sha512", "$pbkdf2-sha512$i=20000"},
	{"pbkdf2 of SHA-1, passlib, fast", "$pbkdf2$1212$OB.dtnSEXZK8U5cgxU/GYQ$y5LKPOplRmok7CZp/aqVDVg8zGI", "password", "OB.d", "argon2id(pbkdf2-sha1)", wrap + "pbkdf2-sha1,i=1212,l=20" + outer},
	{"pbkdf2 of SHA-1, passlib, fast, Greek", "$pbkdf2$1212$THDqatpidANpadlLeTeOEg$HV3oi1k5C5LQCgG1BMOL.BX4YZc", wav, "THDq", "argon2id(pbkdf2-sha1)", wrap + "pbkdf2-sha1,i=1212,l=20" + outer},
	{"pbkdf2 of SHA-256, passlib, fast", "$pbkdf2-sha256$1212$4vjV83LKPjQzk31VI4E0Vw$hsYF68OiOUPdDZ1Fg.fJPeq1h/gXXY7acBp9/6c.tmQ", "password", "4vjV", "argon2id(pbkdf2-sha256)", wrap + "pbkdf2-sha256,i=1212,l=32" + outer},
	{"pbkdf2 of SHA-512, passlib, fast", "$pbkdf2-sha512$1212$RHY0Fr3IDMSVO/RSZyb5ow$eNLfBK.eVozomMr.1gYa17k9B7KIK25NOEshvhrSX.esqY3s.FvWZViXz4KoLlQI.BzY/YTNJOiKc5gBYFYGww", "password", "RHY0", "argon2id(pbkdf2-sha512)", wrap + "pbkdf2-sha512,i=1212,l=64" + outer},
	{"sha256-crypt, made", "$5$rounds=20000$saltstringsaltst$A.gesNiACNvTDLe.slMe.qUYAmhJgedKo9niAbjffI4", "Hello world!", "saltstring", "sha256-crypt", "$5$rounds=20000"},
	{"sha512-crypt, made", "$6$rounds=20000$saltstringsaltst$xdp5bnItIoa4yhASxw/KGn69AJ1exwDW/IzU2HnXwVpgYxch5qCen4lExluCMq2gfiOBQAsDXgBqbBcTJYVUi1", "Hello world!", "saltstring", "sha512-crypt", "$6$rounds=20000"},
	{"sha256-crypt, 5000 rounds", "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", "Hello world!", "saltstring", "argon2id(sha256-crypt)", wrap + "sha256-crypt,rounds=5000" + outer},
	{"sha512-crypt, 5000 rounds", "{crypt}$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1", "Hello world!", "saltstring", "argon2id(sha512-crypt)", wrap + "sha512-crypt,rounds=5000" + outer},
	{"md5-crypt, made", "$1$abcdefgh$G//4keteveJp0qb8z2DxG/", "password", "abcdefgh", "argon2id(md5-crypt)", wrap + "md5-crypt" + outer},
	{"phpass", "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0", "test12345", "IQRaTwmf", "argon2id(phpass)", wrap + "phpass,ln=11" + outer},
	{"phpass, phpBB", "$H$9aaaaaSXBjgypwqm.JsMssPLiS8YQ00", "test1", "aaaaaSXB", "argon2id(phpass)", wrap + "phpass,ln=11" + outer},
	{"MD5, Django", "md5$seasalt$3f86d0d3d465b7b458c231bf3555c0e3", letmein, "seasalt", "argon2id(md5)", wrap + "md5,salt=before" + outer},
	{"SHA-1, Django", "sha1$seasalt$cff36ea83f5706ce9aa7454e63e431fc726b2dc8", letmein, "seasalt", "argon2id(sha1)", wrap + "sha1,salt=before" + outer},
	{"SHA-1, Django, upper case", "sha1$seasalt$CFF36EA83F5706CE9AA7454E63E431FC726B2DC8", letmein, "seasalt", "argon2id(sha1)", wrap + "sha1,salt=before" + outer},
	{"MD5, Django, no salt", "88a434c88cca4e900f7874cd98123f43", letmein, "", "argon2id(md5)", wrap + "md5" + outer},
	{"MD5, Django, empty salt", "md5$$88a434c88cca4e900f7874cd98123f43", letmein, "", "argon2id(md5)", wrap + "md5" + outer},
	{"SHA-1, Django, empty salt", "sha1$$6d138ca3ae545631b3abd71a4f076ce759c5700b", letmein, "", "argon2id(sha1)", wrap + "sha1" + outer},
	{"MD5, upper case, made", "5F4DCC3B5AA765D61D8327DEB882CF99", "password", "", "argon2id(md5)", wrap + "md5" + outer},
	{"SHA-1, made", "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8", "password", "", "argon2id(sha1)", wrap + "sha1" + outer},
	{"SHA-256, made", "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8", "password", "", "argon2id(sha256)", wrap + "sha256" + outer},
	{"SHA-512, made", "b109f3bbbc244eb82441917ed06d618b9008dd09b3befd1b5e07394c706a8bb980b1d7785e5976ec049b46df5f1326af5a2ea6d103fd07c95385ffab0cacbc86", "password", "", "argon2id(sha512)", wrap + "sha512" + outer},
	{"LDAP MD5, made", "{MD5}X03MO1qnZdYdgyfeuILPmQ==", "password", "", "argon2id(md5)", wrap + "md5" + outer},
	{"LDAP SHA, lower case, made", "{sha}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", "password", "", "argon2id(sha1)", wrap + "sha1" + outer},
	{"LDAP SMD5, made", "{SMD5}/b3zQZ//mL2wJBOQ9iqds3NhbHRzYWx0", "password", "YWx0", "argon2id(md5)", wrap + "md5,salt=after" + outer},
	{"LDAP SSHA, made", "{SSHA}yrht1iYXEIkejLVu42JWkadd80RzYWx0c2FsdA==", "password", "YWx0", "argon2id(sha1)", wrap + "sha1,salt=after" + outer},
	{"LDAP SSHA256, made", "{SSHA256}DIzeh0gCRMTRu9dAH3C3rr7fWkRT0Bp2ZdtRqvTX3XJzYWx0c2FsdA==", "password", "YWx0", "argon2id(sha256)", wrap + "sha256,salt=after" + outer},
	{"LDAP SSHA512, made", "{SSHA512}9ZxHVj4YomwqqFiYKcIjExMLx2ZblYfXRGc4KMqbgvHq2+HOgwiTIi+eO/Uam/8D0beDAkGpvx14+UFlfBskLnNhbHRzYWx0", "password", "HRzYWx0", "argon2id(sha512)", wrap + "sha512,salt=after" + outer},
}

func TestFamilies(t *testing.T) {
	t.Parallel()
	h := password.New(cheap, 2)
	for _, f := range families {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			stored := imported(t, h, f.foreign)
			if got := password.Family(stored); got != f.family {
				t.Errorf("family %q, want %q", got, f.family)
			}
			if again := imported(t, h, stored); again != stored {
				t.Errorf("imported again it becomes %q", again)
			}
			if !verify(t, h, stored, f.password).Stale {
				t.Error("the right password does not match, or the hash is not stale")
			}
			if verify(t, h, stored, f.password+"x").OK {
				t.Error("a wrong password matches")
			}
			if f.salt != "" {
				other := strings.Replace(f.foreign, f.salt, "Q"+f.salt[1:], 1)
				if verify(t, h, imported(t, h, other), f.password).OK {
					t.Error("with another salt it still matches")
				}
			}
			for i := 1; i < len(f.foreign)/3; i++ {
				if i == 32 || i == 40 {
					continue // of hexadecimal digits it is another hash
				}
				if _, err := h.Import(t.Context(), f.foreign[:i]); !errors.Is(err, password.ErrStored) {
					t.Errorf("the first %d characters alone: %v", i, err)
				}
			}
		})
	}
}

// What is stored begins with its kind, and a decoy of the kind costs the same.
func TestDecoysOfFamilies(t *testing.T) {
	t.Parallel()
	h := password.New(cheap, 2)
	for _, f := range families {
		stored, decoy := imported(t, h, f.foreign), password.Decoy(f.kind)
		if err := password.Check(decoy); err != nil || password.Family(decoy) != f.family {
			t.Errorf("%s: decoy %q is of family %q, %v", f.name, decoy, password.Family(decoy), err)
		}
		front, _, _ := strings.Cut(f.kind, outer)
		if !strings.HasPrefix(stored, front) || !strings.HasPrefix(decoy, front) {
			t.Errorf("%s: %q and the decoy %q don't begin with %q", f.name, stored, decoy, front)
		}
		if wrapped := strings.HasPrefix(stored, wrap); wrapped && !(strings.Contains(stored, outer) && strings.Contains(decoy, outer)) {
			t.Errorf("%s: %q and the decoy %q lack %q", f.name, stored, decoy, outer)
		}
	}
	for _, kind := range []string{ // stored as another system spelled them
		"pbkdf2_sha256$20000", "pbkdf2_sha1$20000", "scrypt$16384$8$1", "bcrypt$$2b$04", "$pbkdf2-sha256$29000",
		"{CRYPT}$6$rounds=20000", "argon2$argon2id$v=19$m=64,t=1,p=1", "$pbkdf2-sha512$i=29000,l=64",
	} {
		if err := password.Check(password.Decoy(kind)); err != nil {
			t.Errorf("decoy of %q: %v", kind, err)
		}
	}
	for _, kind := range []string{"scrypt$16384", "$1", "md5", "$kunci-wrap$md5", "$kunci-wrap$plain" + outer, "{SSHA}", "plain", "$6"} {
		if err := password.Check(password.Decoy(kind)); !errors.Is(err, password.ErrStored) {
			t.Errorf("decoy of %q: %v", kind, err)
		}
	}
}

// Slow hashes are checked as they are, in every spelling; fast ones never.
func TestForeignSpellings(t *testing.T) {
	t.Parallel()
	h := password.New(cheap, 2)
	for _, f := range families {
		if strings.HasPrefix(f.kind, wrap) {
			_, err := h.Verify(t.Context(), f.foreign, f.password)
			if !errors.Is(err, password.ErrStored) || !strings.Contains(err.Error(), "wrapped") {
				t.Errorf("%s: bare it is checked: %v", f.name, err)
			}
			continue
		}
		if err := password.Check(f.foreign); err != nil || password.Family(f.foreign) != f.family {
			t.Errorf("%s: family %q, %v", f.name, password.Family(f.foreign), err)
		}
		if _, err := h.Wrap(t.Context(), f.foreign); !errors.Is(err, password.ErrStored) {
			t.Errorf("%s: what needs no wrapping is wrapped: %v", f.name, err)
		}
	}
}

func imported(t *testing.T, h *password.Hasher, foreign string) string {
	t.Helper()
	stored, err := h.Import(t.Context(), foreign)
	if err != nil {
		t.Fatalf("import of %q: %v", foreign, err)
	}
	if err := password.Check(stored); err != nil {
		t.Fatalf("imported as %q: %v", stored, err)
	}
	return stored
}

func verify(t *testing.T, h *password.Hasher, stored, pw string) password.Result {
	t.Helper()
	r, err := h.Verify(t.Context(), stored, pw)
	if err != nil {
		t.Fatalf("check against %q: %v", stored, err)
	}
	return r
}
