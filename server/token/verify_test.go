package token_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kunci/server/token"

	independent "aidanwoods.dev/go-paseto"
	"github.com/google/go-cmp/cmp"
	"github.com/o1egl/paseto/v2"
)

func TestSignThenVerify(t *testing.T) {
	t.Parallel()
	r, _ := newRing(t)
	want := claims()
	c := want
	c.IssuedAt = c.IssuedAt.Add(900 * time.Millisecond).In(time.FixedZone("WIB", 7*3600))
	c.Extra = map[string]any{"userName": token.Name("Siti"), "isInternal": true}
	got, err := r.Verify(sign(t, r, c), issuer, dialects(), at())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Another implementation, given only what Keys publishes, must accept ours.
func TestIndependentVerifier(t *testing.T) {
	t.Parallel()
	r, _ := newRing(t)
	c := claims()
	c.Extra = map[string]any{"roleId": "7", "userName": token.Name("Budi <&> \"B\"\n")}
	published := r.Keys(at())[0]
	pub, err := independent.NewV2AsymmetricPublicKeyFromEd25519(publicOf(t, published))
	if err != nil {
		t.Fatal(err)
	}
	parser := independent.MakeParser([]independent.Rule{independent.ValidAt(at()), independent.IssuedBy(issuer)})
	got, err := parser.ParseV2Public(pub, sign(t, r, c))
	if err != nil {
		t.Fatal(err)
	}
	if string(got.Footer()) != footerOf(published.ID) {
		t.Errorf("footer %s, want the id of %s", got.Footer(), published.ID)
	}
	want := map[string]any{
		"iss": issuer, "sub": c.Subject, "aud": "dashboard", "jti": c.ID,
		"iat": "2026-03-01T12:00:00Z", "nbf": "2026-03-01T12:00:00Z", "exp": "2026-03-31T12:00:00Z",
		"roleId": "7", "userName": "Budi <&> \"B\"\n",
	}
	if diff := cmp.Diff(want, got.Claims()); diff != "" {
		t.Error(diff)
	}
}

// Each payload is signed by the ring's own key, so only its content is wrong.
func TestVerifyRefusesClaims(t *testing.T) {
	t.Parallel()
	r, dir := newRing(t)
	id := r.Keys(at())[0].ID
	secret := secretOf(t, dir, id)
	good := map[string]string{
		"iss": `"` + issuer + `"`, "sub": `"` + claims().Subject + `"`, "aud": `"dashboard"`, "jti": `"` + claims().ID + `"`,
		"iat": `"2026-03-01T12:00:00Z"`, "nbf": `"2026-03-01T12:00:00Z"`, "exp": `"2026-03-31T12:00:00Z"`,
	}
	render := func(m map[string]string) string {
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(m)) {
			parts = append(parts, `"`+name+`":`+m[name])
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	try := func(name, payload string) {
		t.Helper()
		if err := verify(r, forge(t, secret, payload, footerOf(id)), at()); !errors.Is(err, token.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := verify(r, forge(t, secret, render(good), footerOf(id)), at()); err != nil {
		t.Fatalf("the payload from which the others differ: %v", err)
	}
	wrong := map[string][]string{
		"iss": {`"https://login.example.com/"`, `"HTTPS://login.example.com"`},
		"sub": {`"0B4E6C1E-5A6B-4C1D-8E2F-3A4B5C6D7E8F"`, `"0b4e6c1e5a6b4c1d8e2f3a4b5c6d7e8f"`, `"urn:uuid:0b4e6c1e-5a6b-4c1d-8e2f-3a4b5c6d7e8f"`, `"7"`},
		"aud": {`"pwa"`, `"Dashboard"`, `["dashboard"]`},
		"jti": {`"00112233445566778899AABBCCDDEEFF"`, `"00112233445566778899aabbccddeef"`, `"00112233445566778899aabbccddeeff0"`},
		"iat": {`"2026-03-01T12:01:01Z"`, `"2026-03-01T12:00:00+00:00"`, `"2026-03-01T12:00:00.0Z"`, `"2026-03-01 12:00:00Z"`, `1772366400`},
		"nbf": {`"2026-03-01T12:01:01Z"`, `"2026-02-30T12:00:00Z"`, `"2026-03-01T12:00:00"`, `"2026-03-01T12:00:00,5Z"`},
		"exp": {`"2026-03-01T12:00:00Z"`, `"2026-03-01T11:59:59Z"`, `"2026-03-31t12:00:00z"`, `"12026-03-31T12:00:00Z"`, `"2026-03-31T24:00:00Z"`},
	}
	for name := range good {
		without := maps.Clone(good)
		delete(without, name)
		try(name+" missing", render(without))
		without[strings.ToUpper(name)] = good[name]
		try(name+" in upper case", render(without))
		for _, v := range append(wrong[name], `""`, `null`, `0`, `true`, `{}`, `[`+good[name]+`]`, `"\ud800"`) {
			odd := maps.Clone(good)
			odd[name] = v
			try(name+" = "+v, render(odd))
		}
		try(name+" twice", strings.TrimSuffix(render(good), "}")+`,"`+name+`":`+good[name]+"}")
		try(name+" twice, once escaped", strings.TrimSuffix(render(good), "}")+`,"\u00`+hexOf(name[0])+name[1:]+`":`+good[name]+"}")
	}
	whole := render(good)
	for name, payload := range map[string]string{
		"empty": "", "null": "null", "array": "[" + whole + "]", "string": `"x"`, "no members": "{}",
		"data after": whole + "{}", "zero after": whole + "\x00", "cut": whole[:len(whole)-1], "comma": strings.TrimSuffix(whole, "}") + ",}",
		"duplicate below": strings.TrimSuffix(whole, "}") + `,"x":{"a":1,"a":1}}`,
		"bad UTF-8":       strings.TrimSuffix(whole, "}") + ",\"x\":\"\xff\"}", "deep": strings.Repeat("[", 1200),
	} {
		try(name, payload)
	}
}

func hexOf(c byte) string { const d = "0123456789abcdef"; return string([]byte{d[c>>4], d[c&15]}) }

func TestVerifyTimes(t *testing.T) {
	t.Parallel()
	r, _ := newRing(t)
	tok := sign(t, r, claims())
	tests := []struct {
		name string
		now  time.Time
		ok   bool
	}{
		{"a minute before", at().Add(-60 * time.Second), true},
		{"61 s before", at().Add(-61 * time.Second), false},
		{"last second", at().Add(30*day - time.Second), true},
		{"at its end", at().Add(30 * day), false},
		{"other zone", at().In(time.FixedZone("", -5*3600)), true},
	}
	for _, tt := range tests {
		if err := verify(r, tok, tt.now); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	c := claims()
	c.NotBefore = at().Add(61 * time.Second)
	if err := verify(r, sign(t, r, c), at()); !errors.Is(err, token.ErrInvalid) {
		t.Errorf("nbf 61 s ahead: %v", err)
	}
}

func TestVerifyExpectations(t *testing.T) {
	t.Parallel()
	r, _ := newRing(t)
	tok := sign(t, r, claims())
	for name, ask := range map[string]func() (token.Claims, error){
		"other issuer": func() (token.Claims, error) { return r.Verify(tok, issuer+".evil", dialects(), at()) },
		"no issuer":    func() (token.Claims, error) { return r.Verify(tok, "", dialects(), at()) },
		"other aud":    func() (token.Claims, error) { return r.Verify(tok, issuer, []string{"pwa"}, at()) },
		"no aud":       func() (token.Claims, error) { return r.Verify(tok, issuer, nil, at()) },
	} {
		c, err := ask()
		if !errors.Is(err, token.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
		if c.Subject != "" {
			t.Errorf("%s: claims of a refused token were returned", name)
		}
	}
}

func TestVerifyRefusesOtherKeys(t *testing.T) {
	t.Parallel()
	r, dir := newRing(t)
	other, otherDir := newRing(t)
	k := r.Keys(at())[0]
	secret := secretOf(t, dir, k.ID)
	otherID := other.Keys(at())[0].ID
	payload := payloadOf(t, sign(t, r, claims()))
	local, err := paseto.NewV2().Encrypt(publicOf(t, k), []byte(payload), []byte(footerOf(k.ID)))
	if err != nil {
		t.Fatal(err)
	}
	v4key, err := independent.NewV4AsymmetricSecretKeyFromEd25519(secret)
	if err != nil {
		t.Fatal(err)
	}
	v4token, err := independent.NewTokenFromClaimsJSON([]byte(payload), []byte(footerOf(k.ID)))
	if err != nil {
		t.Fatal(err)
	}
	v4 := v4token.V4Sign(v4key, nil)
	good := sign(t, r, claims())
	for name, tok := range map[string]string{
		"another ring's token":          sign(t, other, claims()),
		"another key under our kid":     forge(t, secretOf(t, otherDir, otherID), payload, footerOf(k.ID)),
		"our key under another kid":     forge(t, secret, payload, footerOf(otherID)),
		"no footer":                     forge(t, secret, payload, ""),
		"footer with more members":      forge(t, secret, payload, `{"kid":"`+k.ID+`","x":1}`),
		"footer with a space":           forge(t, secret, payload, `{"kid": "`+k.ID+`"}`),
		"footer is the kid":             forge(t, secret, payload, k.ID),
		"footer opened only":            forge(t, secret, payload, `{"kid":"`),
		"footer with an escape":         forge(t, secret, payload, `{"kid":"\u006b`+k.ID[1:]+`"}`),
		"v2.local by the public key":    local,
		"the same, said to be public":   strings.Replace(local, "v2.local.", "v2.public.", 1),
		"v4.public by the same key":     v4,
		"the same, said to be v2":       strings.Replace(v4, "v4.", "v2.", 1),
		"said to be v1":                 strings.Replace(good, "v2.", "v1.", 1),
		"said to be v4":                 strings.Replace(good, "v2.", "v4.", 1),
		"prefix in upper case":          strings.Replace(good, "v2.public.", "V2.PUBLIC.", 1),
		"longer than 2,000 characters":  forge(t, secret, payload+strings.Repeat(" ", 1500), footerOf(k.ID)),
		"no payload, only a signature":  forge(t, secret, "", footerOf(k.ID)),
		"shorter than a signature":      "v2.public." + strings.Repeat("A", 84) + "." + strings.Split(good, ".")[3],
		"empty":                         "",
		"only dots":                     strings.Repeat(".", 300),
		"a megabyte":                    strings.Repeat("A", 1<<20),
		"a fifth part":                  good + ".AAAA",
		"an empty fifth part":           good + ".",
		"padding":                       good + "=",
		"padding in the payload":        strings.Replace(good, "."+strings.Split(good, ".")[3], "=."+strings.Split(good, ".")[3], 1),
		"a line break after":            good + "\n",
		"a line break in it":            good[:40] + "\n" + good[40:],
		"space before":                  " " + good,
		"standard alphabet, not URL":    strings.NewReplacer("-", "+", "_", "/").Replace(signWithBoth(t, r)),
		"our key, a payload not object": forge(t, secret, `"`+strings.Repeat("x", 100)+`"`, footerOf(k.ID)),
	} {
		if err := verify(r, tok, at()); !errors.Is(err, token.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		} else if k := strings.Split(tok, "."); len(k) > 2 && len(k[2]) > 20 && strings.Contains(err.Error(), k[2]) {
			t.Errorf("%s: the error holds the token", name)
		}
	}
}

// signWithBoth signs until the token has both letters that base64url writes
// differently from base64.
func signWithBoth(t *testing.T, r *token.Ring) string {
	t.Helper()
	for {
		c := claims()
		c.ID = token.FormatID(token.NewID())
		if tok := sign(t, r, c); strings.Contains(tok, "-") && strings.Contains(tok, "_") {
			return tok
		}
	}
}

func TestEveryAlterationIsRefused(t *testing.T) {
	t.Parallel()
	r, _ := newRing(t)
	tok := sign(t, r, claims())
	if err := verify(r, tok, at()); err != nil {
		t.Fatal(err)
	}
	alphabet := "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for i := range len(tok) {
		for _, part := range []string{tok[:i], tok[i+1:]} {
			if verify(r, part, at()) == nil {
				t.Fatalf("accepted when cut at %d", i)
			}
		}
		// The neighbour differs in the lowest bit alone, the other in the highest.
		place := strings.IndexByte(alphabet, tok[i])
		others := []byte{'.', '=', '\n', 0, 0xff}
		if place >= 0 {
			others = append(others, alphabet[place^1], alphabet[place^32])
		}
		for _, c := range others {
			if c != tok[i] && verify(r, tok[:i]+string([]byte{c})+tok[i+1:], at()) == nil {
				t.Fatalf("accepted with %q at %d", c, i)
			}
		}
	}
}

// The library reads these as the same token; were we to, a denied or logged
// token could come back under another spelling.
func TestOtherSpellingsAreRefused(t *testing.T) {
	t.Parallel()
	r, _ := newRing(t)
	pub := publicOf(t, r.Keys(at())[0])
	alphabet := "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	spellings := 0
	for length := range 3 { // one for each number of stray bits in the payload
		c := claims()
		c.Extra = map[string]any{"x": strings.Repeat("x", length)}
		parts := strings.Split(sign(t, r, c), ".")
		for _, part := range []int{2, 3} {
			for _, last := range alphabet {
				changed := slices.Clone(parts)
				changed[part] = parts[part][:len(parts[part])-1] + string(last)
				tok := strings.Join(changed, ".")
				if changed[part] == parts[part] || paseto.NewV2().Verify(tok, pub, nil, nil) != nil {
					continue
				}
				spellings++
				if verify(r, tok, at()) == nil {
					t.Errorf("accepted with other stray bits in part %d", part)
				}
			}
		}
	}
	if spellings == 0 {
		t.Error("the library refuses them all, so this test shows nothing")
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	r, _ := newRing(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 40 {
				tok, err := r.Sign(claims())
				if err == nil {
					err = verify(r, tok, at())
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 2 {
		wg.Go(func() {
			for range 4 {
				if _, err := r.Rotate(at(), at().Add(30*day)); err != nil {
					t.Error(err)
				}
				if _, err := r.Prune(at()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := len(r.Keys(at())); n != 9 {
		t.Errorf("%d keys after 8 rotations", n)
	}
}

func FuzzVerify(f *testing.F) {
	r, dir := newRing(f)
	id := r.Keys(at())[0].ID
	good := sign(f, r, claims())
	f.Add(good)
	f.Add(good + "=")
	f.Add("v2.public.")
	f.Add(forge(f, secretOf(f, dir, id), "{}", footerOf(id)))
	f.Add(forge(f, secretOf(f, dir, id), payloadOf(f, good), "{}"))
	f.Fuzz(func(t *testing.T, tok string) {
		err := verify(r, tok, at())
		if (err == nil) != (tok == good) {
			t.Fatalf("%q: %v", tok, err)
		}
		if err != nil && !errors.Is(err, token.ErrInvalid) {
			t.Fatalf("%q: an error of another kind: %v", tok, err)
		}
	})
}
