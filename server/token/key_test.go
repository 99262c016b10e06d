package token_test

import (
	"crypto/sha256"
	"strings"
	"testing"

	"kunci/server/token"
)

func TestShoopKey(t *testing.T) {
	t.Parallel()
	key, hash := token.NewKey()
	if len(key) != 40 || strings.Trim(key, "0123456789abcdef") != "" {
		t.Errorf("a key of another form: %d characters", len(key))
	}
	if hash != sha256.Sum256([]byte(key)) {
		t.Error("the hash is not SHA-256 of the digits")
	}
	if got, ok := token.KeyHash(key); !ok || got != hash {
		t.Error("KeyHash differs from NewKey")
	}
	if again, _ := token.NewKey(); again == key {
		t.Error("the same key twice")
	}
}

func TestKeyHashRefuses(t *testing.T) {
	t.Parallel()
	good := "0123456789abcdef0123456789abcdef01234567"
	if _, ok := token.KeyHash(good); !ok {
		t.Fatal("refuses the key from which the others differ")
	}
	for _, s := range []string{"", good[1:], good + "0", strings.ToUpper(good), good[1:] + "g", good[1:] + " ", good[1:] + "\n", good[2:] + "é", "v2.public." + good[10:]} {
		if h, ok := token.KeyHash(s); ok || h != [32]byte{} {
			t.Errorf("%q accepted", s)
		}
	}
}

func TestID(t *testing.T) {
	t.Parallel()
	id := token.NewID()
	if got, ok := token.ParseID(token.FormatID(id)); !ok || got != id {
		t.Errorf("%x came back as %x, %v", id, got, ok)
	}
	if token.NewID() == id {
		t.Error("the same id twice")
	}
	if s := token.FormatID([16]byte{0, 0xab, 15: 0x0f}); s != "00ab000000000000000000000000000f" {
		t.Errorf("written as %s", s)
	}
	good := "00112233445566778899aabbccddeeff"
	for _, s := range []string{"", good[1:], good + "0", strings.ToUpper(good), good[:31] + "g", good[:8] + "-" + good[9:]} {
		if got, ok := token.ParseID(s); ok || got != [16]byte{} {
			t.Errorf("%q accepted", s)
		}
	}
}

func FuzzParseID(f *testing.F) {
	f.Add("00112233445566778899aabbccddeeff")
	f.Add("00112233445566778899AABBCCDDEEFF")
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		if id, ok := token.ParseID(s); ok && token.FormatID(id) != s {
			t.Fatalf("%q is not how FormatID writes %x", s, id)
		}
	})
}

func FuzzKeyHash(f *testing.F) {
	f.Add("0123456789abcdef0123456789abcdef01234567")
	f.Add("0123456789ABCDEF0123456789abcdef01234567")
	f.Fuzz(func(t *testing.T, s string) {
		_, ok := token.KeyHash(s)
		if want := len(s) == 40 && strings.Trim(s, "0123456789abcdef") == ""; ok != want {
			t.Fatalf("%q: %v", s, ok)
		}
	})
}
