package password_test

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"

	"kunci/server/password"
)

// cheap keeps the tests fast; Hash enforces only the bounds of stored hashes.
var cheap = password.Params{Memory: 64, Time: 1, Threads: 1}

// The argon2id hashes come from the reference implementation's test.c; the bcrypt ones
// from crypt_blowfish's test vectors and the PHP manual's page on password_verify.
const (
	reference  = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
	reference2 = "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc"
	blowfish   = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
	blowfish72 = "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui"
	php        = "$2y$07$BCryptRequires22Chrcte/VlQH0piJtjXl.0t1XkA8pw9dMXTpOq"

	letters72 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

	composed   = "caf\u00e9 panas"
	decomposed = "cafe\u0301 panas"
)

func bcryptOf(t *testing.T, pw string) string {
	t.Helper()
	b, err := bcrypt.GenerateFromPassword([]byte(pw), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// judged is a result without the times of its check.
func judged(r password.Result) password.Result {
	r.Began, r.Forms = time.Time{}, 0
	return r
}

func TestVerify(t *testing.T) {
	t.Parallel()
	h := password.New(cheap, 2)
	own, err := h.Hash(t.Context(), "rahasia-baru")
	if err != nil {
		t.Fatal(err)
	}
	yes, stale, no := password.Result{OK: true}, password.Result{OK: true, Stale: true}, password.Result{}
	for name, c := range map[string]struct {
		stored, pw string
		want       password.Result
	}{
		"own hash":                    {own, "rahasia-baru", yes},
		"own hash, wrong":             {own, "rahasia-bary", no},
		"own hash, trailing space":    {own, "rahasia-baru ", no},
		"own hash, empty":             {own, "", no},
		"argon2id reference":          {reference, "password", stale},
		"argon2id reference, wrong":   {reference, "Password", no},
		"argon2id reference, lanes":   {reference2, "password", stale},
		"bcrypt 2a":                   {blowfish, "U*U", stale},
		"bcrypt 2a, wrong":            {blowfish, "U*U*", no},
		"bcrypt 2b":                   {strings.Replace(blowfish, "$2a$", "$2b$", 1), "U*U", stale},
		"bcrypt 2y":                   {php, "rasmuslerdorf", stale},
		"bcrypt 2y, wrong":            {php, "rasmuslerdorg", no},
		"bcrypt, 72 bytes":            {blowfish72, letters72, stale},
		"bcrypt, beyond 72 bytes":     {blowfish72, letters72 + "chars after 72 are ignored", stale},
		"bcrypt, 71 bytes":            {blowfish72, letters72[:71], no},
		"bcrypt, cut inside a letter": {bcryptOf(t, (letters72[:71] + "é")[:72]), letters72[:71] + "é", stale},
		"bcrypt, repeated behind NUL": {blowfish, "U*U\x00U*U", no},
		"bcrypt, NUL at the end":      {blowfish, "U*U\x00", no},
		"bcrypt, NUL beyond 72 bytes": {blowfish72, letters72 + "\x00", no},
		"bcrypt of NFC, typed NFD":    {bcryptOf(t, composed), decomposed, stale},
		"bcrypt of NFD, typed NFD":    {bcryptOf(t, decomposed), decomposed, stale},
		"bcrypt of NFD, typed NFC":    {bcryptOf(t, decomposed), composed, no},
		"no hash":                     {"", "rahasia-baru", no},
		"no hash, empty":              {"", "", no},
		"no hash, typed NFD":          {"", decomposed, no},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := h.Verify(t.Context(), c.stored, c.pw)
			if err != nil || judged(got) != c.want {
				t.Errorf("Verify(%q, %q) = %+v, %v; want %+v", c.stored, c.pw, got, err, c.want)
			}
		})
	}
}

func TestHashIsOfNFC(t *testing.T) {
	t.Parallel()
	h := password.New(cheap, 1)
	for _, set := range []string{composed, decomposed} {
		stored, err := h.Hash(t.Context(), set)
		if err != nil {
			t.Fatal(err)
		}
		for _, typed := range []string{composed, decomposed} {
			got, err := h.Verify(t.Context(), stored, typed)
			if want := (password.Result{OK: true}); err != nil || judged(got) != want {
				t.Errorf("set %+q, typed %+q: %+v, %v", set, typed, got, err)
			}
		}
	}
}

func TestHashIsSaltedAndReadable(t *testing.T) {
	t.Parallel()
	h := password.New(cheap, 1)
	first, err := h.Hash(t.Context(), "rahasia-baru")
	if err != nil {
		t.Fatal(err)
	}
	second, err := h.Hash(t.Context(), "rahasia-baru")
	if err != nil {
		t.Fatal(err)
	}
	if first == second {
		t.Error("two hashes of one password are the same")
	}
	// 16 bytes of salt are 22 characters, 32 of tag are 43.
	part := strings.Split(first, "$")
	if !strings.HasPrefix(first, "$argon2id$v=19$m=64,t=1,p=1$") || len(part[4]) != 22 || len(part[5]) != 43 {
		t.Errorf("PHC string %q", first)
	}
	if err := password.Check(first); err != nil {
		t.Errorf("Check of a fresh hash: %v", err)
	}
}

// foreign is a hash of "rahasia-baru" with cheap's parameters and other lengths.
func foreign(saltLen, tagLen int) string {
	salt, enc := make([]byte, saltLen), base64.RawStdEncoding
	tag := argon2.IDKey([]byte("rahasia-baru"), salt, 1, 64, 1, uint32(tagLen))
	return "$argon2id$v=19$m=64,t=1,p=1$" + enc.EncodeToString(salt) + "$" + enc.EncodeToString(tag)
}

func TestStaleLengths(t *testing.T) {
	t.Parallel()
	h := password.New(cheap, 1)
	for stored, stale := range map[string]bool{
		foreign(16, 32): false, foreign(8, 32): true, foreign(64, 32): true, foreign(16, 16): true, foreign(16, 64): true,
	} {
		got, err := h.Verify(t.Context(), stored, "rahasia-baru")
		if want := (password.Result{OK: true, Stale: stale}); err != nil || judged(got) != want {
			t.Errorf("%q: %+v, %v; want %+v", stored, got, err, want)
		}
	}
}

// argon2i's hashes look like current ones but for their name.
func TestArgon2iIsStale(t *testing.T) {
	t.Parallel()
	salt, enc := make([]byte, 16), base64.RawStdEncoding
	tag := argon2.Key([]byte("rahasia-baru"), salt, cheap.Time, cheap.Memory, cheap.Threads, 32)
	stored := "$argon2i$v=19$m=64,t=1,p=1$" + enc.EncodeToString(salt) + "$" + enc.EncodeToString(tag)
	if got, err := password.New(cheap, 1).Verify(t.Context(), stored, "rahasia-baru"); err != nil || !got.OK || !got.Stale {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestStale(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		params password.Params
		want   bool
	}{
		"same":    {cheap, false},
		"memory":  {password.Params{Memory: 128, Time: 1, Threads: 1}, true},
		"time":    {password.Params{Memory: 64, Time: 2, Threads: 1}, true},
		"threads": {password.Params{Memory: 64, Time: 1, Threads: 2}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stored, err := password.New(c.params, 1).Hash(t.Context(), "rahasia-baru")
			if err != nil {
				t.Fatal(err)
			}
			h := password.New(cheap, 1)
			got, err := h.Verify(t.Context(), stored, "rahasia-baru")
			if want := (password.Result{OK: true, Stale: c.want}); err != nil || judged(got) != want {
				t.Errorf("%+v, %v; want %+v", got, err, want)
			}
			// A wrong password must not tell what the hash is like.
			if got, err := h.Verify(t.Context(), stored, "salah"); err != nil || judged(got) != (password.Result{}) {
				t.Errorf("wrong password: %+v, %v", got, err)
			}
		})
	}
}

func TestParams(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		params          password.Params
		chosen, hashing bool // Validate accepts it, Hash computes it
	}{
		"default":         {password.Default, true, true},
		"OWASP's least":   {password.Params{Memory: 7168, Time: 5, Threads: 1}, true, true},
		"cheap":           {cheap, false, true},
		"zero":            {password.Params{}, false, false},
		"no pass":         {password.Params{Memory: 8192, Threads: 1}, false, false},
		"many passes":     {password.Params{Memory: 8192, Time: 11, Threads: 1}, false, false},
		"no lane":         {password.Params{Memory: 8192, Time: 1}, false, false},
		"many lanes":      {password.Params{Memory: 8192, Time: 1, Threads: 17}, false, false},
		"much memory":     {password.Params{Memory: 256*1024 + 1, Time: 1, Threads: 1}, false, false},
		"too thin a lane": {password.Params{Memory: 31, Time: 1, Threads: 4}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := c.params.Validate(); (err == nil) != c.chosen {
				t.Errorf("Validate: %v", err)
			}
			h := password.New(c.params, 1)
			if _, err := h.Hash(t.Context(), "rahasia-baru"); (err == nil) != c.hashing {
				t.Errorf("Hash: %v", err)
			}
			if _, err := h.Verify(t.Context(), "", "rahasia-baru"); (err == nil) != c.hashing {
				t.Errorf("Verify without a hash: %v", err)
			}
		})
	}
}

func TestCallerLeft(t *testing.T) {
	t.Parallel()
	h := password.New(cheap, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Hash(ctx, "rahasia-baru"); !errors.Is(err, context.Canceled) {
		t.Errorf("Hash: %v", err)
	}
	if _, err := h.Verify(ctx, reference, "password"); !errors.Is(err, context.Canceled) {
		t.Errorf("Verify: %v", err)
	}
}

func BenchmarkHash(b *testing.B) {
	h := password.New(password.Default, 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.Hash(b.Context(), "rahasia-baru"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	h := password.New(password.Default, 1)
	current, err := h.Hash(b.Context(), "rahasia-baru")
	if err != nil {
		b.Fatal(err)
	}
	for name, stored := range map[string]string{"current": current, "none": "", "bcrypt": php} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := h.Verify(b.Context(), stored, "rahasia-baru"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
