package password_test

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/go-crypt/x/crypt"
	"golang.org/x/crypto/argon2"

	"kunci/server/password"
)

// The text form of a wrapped hash is ours to keep: what is stored today has to be read
// for as long as its owner stays away.
func TestWrapForm(t *testing.T) {
	t.Parallel()
	h := password.New(cheap, 1)
	salt, enc := []byte("0123456789abcdef"), base64.RawStdEncoding
	for kind, c := range map[string]struct{ salt, tag string }{
		"md5":                    {"", "\x5f\x4d\xcc\x3b\x5a\xa7\x65\xd6\x1d\x83\x27\xde\xb8\x82\xcf\x99"},
		"md5,salt=after":         {"saltsalt", "\xfd\xbd\xf3\x41\x9f\xff\x98\xbd\xb0\x24\x13\x90\xf6\x2a\x9d\xb3"},
		"md5-crypt":              {"abcdefgh", "G//4keteveJp0qb8z2DxG/"},
		"pbkdf2-sha1,i=1212,l=2": {"", ""}, // a tag too short
	} {
		tag := argon2.IDKey([]byte(c.tag), salt, 1, 64, 1, 32)
		stored := wrap + kind + "$" + enc.EncodeToString([]byte(c.salt)) + outer + "$" + enc.EncodeToString(salt) + "$" + enc.EncodeToString(tag)
		r, err := h.Verify(t.Context(), stored, "password")
		if want := c.tag != ""; r.OK != want || (err == nil) != want {
			t.Errorf("%s: %+v, %v", stored, r, err)
		}
	}
}

// A wrapped hash has one spelling, too, and wraps only what is wrapped.
func TestWrapsRefused(t *testing.T) {
	t.Parallel()
	h := password.New(cheap, 1)
	stored := imported(t, h, "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0")
	for name, other := range map[string]string{
		"another setting":       strings.Replace(stored, "ln=11", "ln=011", 1),
		"a setting out of hand": strings.Replace(stored, "ln=11", "ln=21", 1),
		"no setting":            strings.Replace(stored, ",ln=11", "", 1),
		"two settings":          strings.Replace(stored, "ln=11", "ln=11,ln=11", 1),
		"an empty setting":      strings.Replace(stored, "phpass,ln=11", "md5-crypt,", 1),
		"an unknown kind":       strings.Replace(stored, "phpass", "md4", 1),
		"a slow kind":           strings.Replace(stored, "phpass,ln=11", "pbkdf2-sha1,i=20000,l=20", 1),
		"slow rounds":           strings.Replace(stored, "phpass,ln=11", "sha512-crypt,rounds=20000", 1),
		"much memory":           strings.Replace(stored, "phpass,ln=11", "scrypt,ln=10,r=8,p=1,l=32", 1),
		"a short inner tag":     strings.Replace(stored, "phpass,ln=11", "scrypt,ln=4,r=1,p=1,l=15", 1),
		"a salt where none is":  strings.Replace(stored, "phpass,ln=11", "md5", 1),
		"no salt":               strings.Replace(stored, "SVFSYVR3bWY", "", 1),
		"another outer hash":    strings.Replace(stored, "$argon2id$", "$argon2i$", 1),
		"a costly outer hash":   strings.Replace(stored, "m=64,", "m=262145,", 1),
		"an outer wrap":         wrap + "md5$" + stored,
		"no outer tag":          stored[:strings.LastIndexByte(stored, '$')],
		"no outer hash":         wrap + "phpass,ln=11$SVFSYVR3bWY",
		"something behind":      stored + "$",
	} {
		if err := password.Check(other); other == stored || !errors.Is(err, password.ErrStored) {
			t.Errorf("%s: %q: %v", name, other, err)
		}
	}
	for name, other := range map[string]string{ // they are hashes, but of something else
		"a turn more":      strings.Replace(stored, "ln=11", "ln=12", 1),
		"another order":    strings.Replace(stored, "phpass,ln=11", "md5,salt=before", 1),
		"another function": strings.Replace(stored, "phpass,ln=11", "sha1,salt=after", 1),
	} {
		if verify(t, h, other, "test12345").OK {
			t.Errorf("%s: %q matches", name, other)
		}
	}
}

func TestWrap(t *testing.T) {
	t.Parallel()
	h := password.New(cheap, 1)
	const foreign = "5f4dcc3b5aa765d61d8327deb882cf99"
	first, second := imported(t, h, foreign), imported(t, h, foreign)
	if first == second {
		t.Error("two wraps of one hash are the same")
	}
	if strings.Contains(first, foreign) || strings.Contains(first, "X03MO1qnZdYdgyfeuILPmQ") {
		t.Errorf("%q shows what it wraps", first)
	}
	if verify(t, h, first, foreign).OK {
		t.Error("the hash is taken for the password")
	}
	if got, err := h.Import(t.Context(), ""); got != "" || err != nil {
		t.Errorf("no hash at all: %q, %v", got, err)
	}
	for _, none := range []string{"", first, reference, "plain"} {
		if _, err := h.Wrap(t.Context(), none); !errors.Is(err, password.ErrStored) {
			t.Errorf("Wrap(%q): %v", none, err)
		}
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := h.Import(gone, foreign); !errors.Is(err, context.Canceled) {
		t.Errorf("the caller left: %v", err)
	}
	if _, err := password.New(password.Params{}, 1).Import(t.Context(), foreign); err == nil {
		t.Error("wrapped with parameters out of bounds")
	}
}

// A refusal says why and keeps the hash to itself.
func TestImportErrors(t *testing.T) {
	t.Parallel()
	h := password.New(cheap, 1)
	for _, foreign := range hostile {
		_, err := h.Import(t.Context(), foreign)
		if err == nil || len(err.Error()) <= len(password.ErrStored.Error())+2 || len(err.Error()) > 200 {
			t.Fatalf("%.80q: %v", foreign, err)
		}
		for part := range strings.SplitSeq(foreign, "$") {
			if len(part) > 8 && strings.Contains(err.Error(), part) {
				t.Errorf("%.80q: the error quotes it: %v", foreign, err)
			}
		}
	}
}

// Systems take "é" as it was typed; who typed it in one piece may type it in two here.
func TestForeignForms(t *testing.T) {
	t.Parallel()
	h := password.New(cheap, 1)
	of := func(pw string) string {
		sum := md5.Sum([]byte(pw))
		return imported(t, h, hex.EncodeToString(sum[:]))
	}
	for name, c := range map[string]struct {
		set, typed string
		want       bool
	}{
		"NFC, typed NFC":  {composed, composed, true},
		"NFC, typed NFD":  {composed, decomposed, true},
		"NFD, typed NFD":  {decomposed, decomposed, true},
		"NFD, typed NFC":  {decomposed, composed, false},
		"1024 bytes":      {strings.Repeat("x", 1024), strings.Repeat("x", 1024), true},
		"1025 bytes":      {strings.Repeat("x", 1025), strings.Repeat("x", 1025), false},
		"beyond 1024":     {strings.Repeat("x", 1024), strings.Repeat("x", 1025), false},
		"a NUL in it":     {"a\x00b", "a\x00b", false},
		"not UTF-8":       {"caf\xe9", "caf\xe9", true},
		"an empty string": {"", "", true},
	} {
		if got := verify(t, h, of(c.set), c.typed).OK; got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	// perl's crypt made the first, of 511 letters, and makes none of more.
	for stored, length := range map[string]int{
		"$1$abcdefgh$jBEDbI/aTXR/AhNlqcHuk/": 511,
		"$1$abcdefgh$" + string(crypt.KeyMD5Crypt([]byte(strings.Repeat("x", 512)), []byte("abcdefgh"))): 512,
	} {
		if got := verify(t, h, imported(t, h, stored), strings.Repeat("x", length)).OK; got != (length == 511) {
			t.Errorf("crypt's password of %d bytes: %v", length, got)
		}
	}
	for _, f := range families { // HMAC would take some of them for the password
		if f.salt == "" || strings.HasPrefix(f.family, "pbkdf2") || strings.HasSuffix(f.family, "-crypt") {
			continue // a check takes long; wrapped ones are here
		}
		if verify(t, h, imported(t, h, f.foreign), f.password+"\x00").OK {
			t.Errorf("%s: matches with a NUL behind it", f.name)
		}
	}
}
