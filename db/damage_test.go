package db_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kunci/db"
	"kunci/db/bolt"
)

// A byte flipped anywhere in a data file is refused, or found by Check, or does
// no harm: never is something else read in silence.
func TestFlippedBytes(t *testing.T) {
	t.Parallel()
	sound := newFile(t)
	want := dump(t, sound.engine)
	var copied bytes.Buffer
	if _, err := sound.engine.Backup(&copied); err != nil {
		t.Fatal(err)
	}
	var used []int // the file is mostly zeros
	for at, b := range copied.Bytes() {
		if b != 0 {
			used = append(used, at)
		}
	}
	rnd := rand.New(rand.NewPCG(5, 6))
	path := filepath.Join(t.TempDir(), "kunci.db")
	const flips = 200
	found := 0
	for range flips {
		raw := bytes.Clone(copied.Bytes())
		at := used[rnd.IntN(len(used))]
		raw[at] ^= byte(1 + rnd.IntN(255))
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		if noticed(t, path, want) {
			found++
		}
	}
	t.Logf("%d of %d were noticed", found, flips)
	if found < flips/4 {
		t.Error("the flips hit too little")
	}
}

func noticed(t *testing.T, path string, want []entry) bool {
	t.Helper()
	e, err := bolt.Open(path)
	if err != nil {
		return true
	}
	defer func() { _ = e.Close() }()
	s, err := db.New(e)
	if err != nil {
		return true
	}
	if faults, err := s.Check(); len(faults) > 0 || err != nil {
		return true
	}
	// Nothing leads to these two: they may be gone, as if there had been none.
	got := dump(t, e)
	for _, s := range []db.Space{"mail_quota", "known_range"} {
		if !slices.ContainsFunc(got, func(e entry) bool { return e.space == s }) {
			want = slices.DeleteFunc(slices.Clone(want), func(e entry) bool { return e.space == s })
		}
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(entry{})); diff != "" {
		t.Errorf("damage that nothing notices:\n%s", diff)
	}
	return false
}
