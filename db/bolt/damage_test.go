package bolt_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"kunci/db"
	"kunci/db/bolt"
)

// fill writes three spaces: two of several levels, one small enough to lie
// inside its parent. A value tells its key.
func fill(w db.Writer) error {
	for i := range 1000 {
		key := fmt.Sprintf("key-%05d", i)
		value := []byte(key + key + key + key + key + key)
		w.Put("big", []byte(key), value)
		if i < 300 {
			w.Put("middle", []byte(key), value)
		}
		if i < 3 {
			w.Put("small", []byte(key), value)
		}
	}
	return nil
}

// tells says whether a value is what was written at a key. A damaged key may
// seem to be of gigabytes.
func tells(key, value []byte) bool {
	return len(key) == 9 && bytes.Equal(value, bytes.Repeat(key, 6))
}

// surface is the outcome of all that can be asked of a file: the errors, and
// whether what it read is what was written.
func surface(t *testing.T, e *bolt.Engine) (errs []error, right bool) {
	t.Helper()
	right = true
	note := func(err error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	note(e.Check(nil))
	note(e.View(func(r db.Reader) error {
		for _, s := range []struct {
			name db.Space
			n    int
		}{{"big", 1000}, {"middle", 300}, {"small", 3}} {
			n := 0
			r.Scan(s.name, nil, nil, func(k, v []byte) bool {
				n++
				right = right && tells(k, v)
				return n < 2000
			})
			right = right && n == s.n
		}
		return nil
	}))
	for i := 0; i < 1000; i += 41 {
		note(e.View(func(r db.Reader) error {
			key := fmt.Appendf(nil, "key-%05d", i)
			right = right && tells(key, r.Get("big", key))
			r.Last("middle")
			return nil
		}))
	}
	note(e.Update(context.Background(), func(w db.Writer) error {
		for i := 0; i < 1000; i += 50 {
			w.Delete("big", fmt.Appendf(nil, "key-%05d", i))
			w.Put("middle", fmt.Appendf(nil, "key-%05d", i), []byte("new"))
		}
		w.Put("small", []byte("new"), []byte("new"))
		return nil
	}))
	return errs, right
}

func damaged(t *testing.T, content []byte) (*bolt.Engine, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kunci.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	before := hash(t, path)
	e, err := bolt.Open(path)
	if err != nil && hash(t, path) != before {
		t.Error("a file that was refused was changed")
	}
	if err == nil {
		t.Cleanup(func() { _ = e.Close() })
	}
	return e, err
}

// A flipped byte is refused, found by Check, met as ErrEngineDamaged, or shows
// as a wrong value, which the checksums of records find; it may do no harm.
// It must not end the process.
func TestFlippedBytes(t *testing.T) {
	t.Parallel()
	raw := filled(t)
	rnd := rand.New(rand.NewPCG(3, 4))
	page := os.Getpagesize()
	refused, found, silent := 0, 0, 0
	for range 100 {
		content := bytes.Clone(raw)
		at := 2*page + rnd.IntN(len(raw)-2*page)
		if rnd.IntN(2) == 0 { // at the beginning of a page, where its structure lies
			at = at/page*page + rnd.IntN(256)
		}
		if at%4 == 3 {
			// The highest byte of a size: the race detector takes seconds
			// over gigabytes. TestDamagedLeaves has them.
			at--
		}
		content[at] ^= byte(1 + rnd.IntN(255))
		e, err := damaged(t, content)
		if err != nil {
			if !errors.Is(err, db.ErrEngineDamaged) {
				t.Errorf("byte %d: refused with %v", at, err)
			}
			refused++
			continue
		}
		errs, right := surface(t, e)
		for _, err := range errs {
			if !errors.Is(err, db.ErrEngineDamaged) && !errors.Is(err, db.ErrUnavailable) {
				t.Errorf("byte %d: %v", at, err)
			}
		}
		switch {
		case len(errs) > 0 || !right:
			found++
		default:
			silent++
		}
	}
	t.Logf("%d refused, %d found, %d without harm", refused, found, silent)
	if refused == 0 || found == 0 {
		t.Error("the flips hit nothing")
	}
}

// What lies in the leaves is not read at the start; Check finds it, and
// reading is an error or goes wrong where it can be told.
func TestDamagedLeaves(t *testing.T) {
	t.Parallel()
	raw := filled(t)
	leaves := pages(raw, 0x02)
	leaf := leaves[len(leaves)/2] * uint64(os.Getpagesize())
	tests := map[string]func([]byte){
		"a page of zeros":         func(raw []byte) { clear(raw[leaf : leaf+uint64(os.Getpagesize())]) },
		"no type":                 func(raw []byte) { raw[leaf+8] = 0 },
		"another's id":            func(raw []byte) { raw[leaf]++ },
		"too many entries":        func(raw []byte) { raw[leaf+11] = 0xFF },
		"a key far away":          func(raw []byte) { raw[leaf+16+7] = 0x7F },
		"a key without end":       func(raw []byte) { raw[leaf+16+11] = 0x7F },
		"a value without end":     func(raw []byte) { raw[leaf+16+15] = 0x7F },
		"an empty key":            func(raw []byte) { raw[leaf+16+8] = 0 },
		"an entry out of order":   func(raw []byte) { raw[leaf+32+4]++ },
		"an entry that is a tree": func(raw []byte) { raw[leaf+16] = 1 },
		"runs on into another":    func(raw []byte) { raw[leaf+12] = 1 },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			content := bytes.Clone(raw)
			change(content)
			e, err := damaged(t, content)
			if err != nil {
				t.Fatalf("leaves are read at the start: %v", err)
			}
			if err := e.Check(nil); !errors.Is(err, db.ErrEngineDamaged) {
				t.Errorf("Check: %v", err)
			}
			if errs, right := surface(t, e); len(errs) < 2 && right {
				t.Logf("reading does not notice: %v", errs)
			}
		})
	}
}

func TestFailedEngineTakesNoMoreWrites(t *testing.T) {
	t.Parallel()
	raw := filled(t)
	leaves := pages(raw, 0x02)
	content := bytes.Clone(raw)
	for _, id := range leaves[len(leaves)/4 : len(leaves)/2] {
		content[id*uint64(os.Getpagesize())+8] = 0
	}
	e, err := damaged(t, content)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Failure(); err != nil {
		t.Fatalf("before any write: %v", err)
	}
	write := func() error {
		return e.Update(context.Background(), func(w db.Writer) error {
			for i := range 1000 {
				w.Put("big", fmt.Appendf(nil, "key-%05d", i), nil)
			}
			return nil
		})
	}
	if err := write(); !errors.Is(err, db.ErrEngineDamaged) {
		t.Errorf("the write that meets damage: %v", err)
	}
	<-e.Failed()
	if err := e.Failure(); !errors.Is(err, db.ErrEngineDamaged) {
		t.Errorf("Failure: %v", err)
	}
	if err := write(); !errors.Is(err, db.ErrUnavailable) {
		t.Errorf("the next: %v", err)
	}
	if err := e.Close(); !errors.Is(err, db.ErrEngineDamaged) {
		t.Errorf("Close: %v", err)
	}
}
