package token_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"kunci/server/token"
)

func TestPayloadText(t *testing.T) {
	t.Parallel()
	r, _ := newRing(t)
	c := claims()
	c.Extra = map[string]any{"userName": token.Name(`<a> & "b" \ ` + "\n\x01é\u2028😀"), "isInternal": false, "companyId": "42", "a b": true}
	want := `{"iss":"https://login.example.com","sub":"0b4e6c1e-5a6b-4c1d-8e2f-3a4b5c6d7e8f","aud":"dashboard",` +
		`"jti":"00112233445566778899aabbccddeeff","iat":"2026-03-01T12:00:00Z","nbf":"2026-03-01T12:00:00Z","exp":"2026-03-31T12:00:00Z",` +
		`"a b":true,"companyId":"42","isInternal":false,"userName":"<a> & \"b\" \\ \n\u0001é` + "\u2028" + `😀"}`
	if got := payloadOf(t, sign(t, r, c)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestLongNamesAreCut(t *testing.T) {
	t.Parallel()
	r, _ := newRing(t)
	tests := []struct {
		name  string
		unit  string // repeated to make the name
		spare int    // characters by which the token may stay below 2,000
	}{
		{"one byte each", "x", 0},
		{"two bytes", "é", 3},
		{"four bytes", "😀", 6},
		{"escaped in two bytes", `"`, 3},
		{"escaped in six bytes", "\x01", 8},
		{"left alone", "<>&", 0},
		{"mixed", "a\"😀\x1f\\é", 8},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := claims()
			full := strings.Repeat(tt.unit, 3000)
			c.Extra = map[string]any{"userName": token.Name(full), "roleName": token.Name("Operator"), "companyId": "7"}
			tok := sign(t, r, c)
			if len(tok) > 2000 || len(tok) < 2000-tt.spare {
				t.Errorf("%d characters", len(tok))
			}
			if err := verify(r, tok, at()); err != nil {
				t.Error(err)
			}
			var got map[string]any
			if err := json.Unmarshal([]byte(payloadOf(t, tok)), &got); err != nil {
				t.Fatal(err)
			}
			cut := got["userName"].(string)
			if !strings.HasPrefix(full, cut) || !utf8.ValidString(cut) || strings.ContainsRune(cut, utf8.RuneError) {
				t.Errorf("not cut at a code point: …%q", cut[max(0, len(cut)-8):])
			}
			if got["roleName"] != "Operator" || got["companyId"] != "7" {
				t.Errorf("a short name or an id was cut: %v, %v", got["roleName"], got["companyId"])
			}
			if c.Extra["userName"] != token.Name(full) {
				t.Error("the caller's own claims were cut")
			}
		})
	}
}

func TestSeveralLongNamesEndAlike(t *testing.T) {
	t.Parallel()
	r, _ := newRing(t)
	c := claims()
	c.Extra = map[string]any{"userName": token.Name(strings.Repeat("u", 900)), "companyName": token.Name(strings.Repeat("c", 700)),
		"divisionName": token.Name(strings.Repeat("d", 200)), "note": strings.Repeat("n", 100)}
	var got map[string]any
	if err := json.Unmarshal([]byte(payloadOf(t, sign(t, r, c))), &got); err != nil {
		t.Fatal(err)
	}
	u, co, d, n := len(got["userName"].(string)), len(got["companyName"].(string)), len(got["divisionName"].(string)), len(got["note"].(string))
	if u-co > 1 || co-u > 1 || u < 200 || d != 200 || n != 100 {
		t.Errorf("lengths %d, %d, %d, %d", u, co, d, n)
	}
}

func TestSignRefuses(t *testing.T) {
	t.Parallel()
	r, _ := newRing(t)
	extra := func(name string, v any) func(*token.Claims) {
		return func(c *token.Claims) { c.Extra = map[string]any{name: v} }
	}
	tests := map[string]func(*token.Claims){
		"no issuer":         func(c *token.Claims) { c.Issuer = "" },
		"issuer not UTF-8":  func(c *token.Claims) { c.Issuer = "\xff" },
		"no subject":        func(c *token.Claims) { c.Subject = "" },
		"subject upper":     func(c *token.Claims) { c.Subject = strings.ToUpper(c.Subject) },
		"no audience":       func(c *token.Claims) { c.Audience = "" },
		"no id":             func(c *token.Claims) { c.ID = "" },
		"id upper":          func(c *token.Claims) { c.ID = strings.ToUpper(c.ID) },
		"no iat":            func(c *token.Claims) { c.IssuedAt = time.Time{} },
		"no nbf":            func(c *token.Claims) { c.NotBefore = time.Time{} },
		"no exp":            func(c *token.Claims) { c.Expires = time.Time{} },
		"exp too far":       func(c *token.Claims) { c.Expires = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"extra shadows iss": extra("iss", "x"),
		"extra shadows exp": extra("exp", token.Name("x")),
		"a number":          extra("roleId", 3),
		"nil":               extra("roleId", nil),
		"a list":            extra("roles", []string{"x"}),
		"value not UTF-8":   extra("userName", token.Name("a\xffb")),
		"name not UTF-8":    extra("\xff", "x"),
		"long, not UTF-8":   extra("userName", token.Name(strings.Repeat("\xff", 3000))),
		"long, no name":     extra("note", strings.Repeat("x", 2000)),
		"long beside names": func(c *token.Claims) {
			c.Extra = map[string]any{"note": strings.Repeat("x", 2000), "userName": token.Name("short"), "roleName": token.Name("")}
		},
	}
	for name, change := range tests {
		c := claims()
		change(&c)
		if tok, err := r.Sign(c); err == nil || tok != "" {
			t.Errorf("%s: signed, error %v", name, err)
		}
	}
	for _, name := range []string{"iss", "sub", "aud", "jti", "iat", "nbf", "exp"} {
		c := claims()
		c.Extra = map[string]any{name: "x"}
		if _, err := r.Sign(c); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("extra %s: %v", name, err)
		}
	}
}

// What is longest that still needs no cut, and one byte more.
func TestLimitIsExact(t *testing.T) {
	t.Parallel()
	r, _ := newRing(t)
	c := claims()
	c.Extra = map[string]any{"note": ""}
	room := 1
	for n := 1000; n < 1400; n++ {
		c.Extra["note"] = strings.Repeat("x", n)
		tok, err := r.Sign(c)
		if err != nil {
			room = n - 1
			break
		}
		if err := verify(r, tok, at()); err != nil || len(tok) > 2000 {
			t.Fatalf("%d characters: %v", len(tok), err)
		}
	}
	c.Extra["note"] = strings.Repeat("x", room)
	if tok := sign(t, r, c); len(tok) != 2000 {
		t.Errorf("the longest token has %d characters", len(tok))
	}
}
