package token

import (
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// The ids and keys of PASERK's published test vectors (k2.pid, k2.public,
// k2.secret). They are keys that no ring would make, so they are tried here
// and not through the ring.
func TestPASERKVectors(t *testing.T) {
	t.Parallel()
	for _, v := range []struct{ key, public, id string }{
		{"0000000000000000000000000000000000000000000000000000000000000000",
			"k2.public.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "k2.pid.gUztDB_2F1oxWaUa0RYxGYtLw_0TN-g5mw_M7HUMLh7D"},
		{"707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f",
			"k2.public.cHFyc3R1dnd4eXp7fH1-f4CBgoOEhYaHiImKi4yNjo8", "k2.pid.4zgEvkSaB64DlcV9ChYZPEqBATLwUsB5zCrlpEOk2wD9"},
	} {
		pub, err := hex.DecodeString(v.key)
		if err != nil {
			t.Fatal(err)
		}
		if got := formatPublic(pub); got != v.public {
			t.Errorf("public %s, want %s", got, v.public)
		}
		if got, err := formatID(pub); got != v.id || err != nil {
			t.Errorf("id %s, %v, want %s", got, err, v.id)
		}
	}
	for _, v := range []struct{ key, secret string }{
		{"00000000000000000000000000000000000000000000000000000000000000003b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29",
			"k2.secret.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA7aie8zrakLWKjqNAqbw1zZTIVdx3iQ6Y6wEihi1naKQ"},
		{"707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f1ce56a48c82ff99162a14bc544612674e5d61fb9317e65d4055780fdbcb4dc35",
			"k2.secret.cHFyc3R1dnd4eXp7fH1-f4CBgoOEhYaHiImKi4yNjo8c5WpIyC_5kWKhS8VEYSZ05dYfuTF-ZdQFV4D9vLTcNQ"},
	} {
		got, ok := parseSecret(v.secret)
		if !ok || hex.EncodeToString(got) != v.key || formatSecret(got) != v.secret {
			t.Errorf("%s read as %x, %v", v.secret, []byte(got), ok)
		}
		for _, s := range []string{v.secret + "A", v.secret + "=", v.secret + "\n", v.secret[:len(v.secret)-1], "k4" + v.secret[2:], v.secret[len("k2.secret."):]} {
			if _, ok := parseSecret(s); ok {
				t.Errorf("%q accepted", s)
			}
		}
	}
}

// Key files have random names, so only from here can two meet.
func TestWriteSecretReplacesNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "1.json")
	if err := writeSecret(path, []byte("first")); err != nil {
		t.Fatal(err)
	}
	if err := writeSecret(path, []byte("second")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second write: %v", err)
	}
	b, err := os.ReadFile(path)
	if err != nil || string(b) != "first" {
		t.Errorf("the file holds %q, %v", b, err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}
