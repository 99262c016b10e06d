package token_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A ring whose files are lost or changed says so, and goes on signing.
func TestCheck(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(dir string) error{
		"the folder":      os.RemoveAll,
		"the key":         func(dir string) error { return os.Remove(keyPaths(t, dir)[0]) },
		"the link secret": func(dir string) error { return os.Remove(filepath.Join(dir, "links.json")) },
		"cut short":       func(dir string) error { return os.Truncate(keyPaths(t, dir)[0], 10) },
		"open to others":  func(dir string) error { return os.Chmod(keyPaths(t, dir)[0], 0o644) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, dir := newRing(t)
			if err := r.Check(); err != nil {
				t.Fatalf("before: %v", err)
			}
			if err := spoil(dir); err != nil {
				t.Fatal(err)
			}
			if err := r.Check(); err == nil {
				t.Error("it is not missed")
			}
			if err := verify(r, sign(t, r, claims()), at()); err != nil {
				t.Errorf("it no longer signs: %v", err)
			}
		})
	}
}

// The folder of a ring that was put back to before a rotation is not the ring's.
func TestCheckOfAnotherKey(t *testing.T) {
	t.Parallel()
	r, dir := newRing(t)
	before := keyPaths(t, dir)
	rotate(t, r, at().Add(time.Hour), at().Add(2*time.Hour))
	if err := r.Check(); err != nil {
		t.Fatalf("after a rotation: %v", err)
	}
	for _, path := range keyPaths(t, dir) {
		if path != before[0] {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := r.Check(); err == nil {
		t.Error("it is not missed")
	}
}
