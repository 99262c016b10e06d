package bolt_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kunci/db"
	"kunci/db/bolt"
)

func TestCreate(t *testing.T) {
	t.Parallel()
	refusal := errors.New("no")
	tests := []struct {
		name string
		init func(db.Writer) error
		ok   bool
	}{
		{"with content", put("a", "first"), true},
		{"empty", nothing, true},
		{"init fails", func(w db.Writer) error { w.Put(space, []byte("a"), nil); return refusal }, false},
		{"init panics", func(db.Writer) error { panic("ouch") }, false},
		{"init writes what cannot stand", func(w db.Writer) error { w.Put(space, nil, nil); return nil }, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "kunci.db")
			panicked, err := try(func() error { return bolt.Create(path, test.init) })
			entries, readErr := os.ReadDir(dir)
			if readErr != nil {
				t.Fatal(readErr)
			}
			if !test.ok {
				if err == nil && panicked == nil || len(entries) != 0 {
					t.Errorf("error %v, panic %v, left %v", err, panicked, entries)
				}
				return
			}
			if err != nil || len(entries) != 1 || entries[0].Name() != "kunci.db" {
				t.Fatalf("error %v, made %v", err, entries)
			}
			if info, err := entries[0].Info(); err != nil || info.Mode() != 0o600 {
				t.Errorf("mode %v, %v", info.Mode(), err)
			}
			if err := open(t, path).Check(nil); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestCreateNeverTouchesWhatStands(t *testing.T) {
	t.Parallel()
	tests := map[string]func(path string) error{
		"a file":          func(path string) error { return os.WriteFile(path, []byte("dear"), 0o600) },
		"an empty file":   func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"a folder":        func(path string) error { return os.Mkdir(path, 0o700) },
		"a dangling link": func(path string) error { return os.Symlink("nowhere", path) },
	}
	for name, make := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "kunci.db")
			if err := make(path); err != nil {
				t.Fatal(err)
			}
			before, _ := os.Lstat(path)
			err := bolt.Create(path, func(db.Writer) error { t.Error("init was run"); return nil })
			if !errors.Is(err, os.ErrExist) {
				t.Errorf("error %v", err)
			}
			after, statErr := os.Lstat(path)
			if statErr != nil || after.Mode() != before.Mode() || after.Size() != before.Size() || !after.ModTime().Equal(before.ModTime()) {
				t.Errorf("it was %v, is %v", before, after)
			}
			if entries, _ := os.ReadDir(dir); len(entries) != 1 {
				t.Errorf("left %v", entries)
			}
		})
	}
	t.Run("one that comes meanwhile", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "kunci.db")
		err := bolt.Create(path, func(db.Writer) error { return os.WriteFile(path, []byte("dear"), 0o600) })
		if raw, _ := os.ReadFile(path); !errors.Is(err, os.ErrExist) || string(raw) != "dear" {
			t.Errorf("error %v, it holds %q", err, raw)
		}
	})
}

func TestCreateWhereNoFileCanBe(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(dir, "none", "kunci.db"), filepath.Join(dir, "file", "kunci.db")} {
		if err := bolt.Create(path, nothing); err == nil || errors.Is(err, os.ErrExist) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestOpenASecondTime measures time, and so has the machine to itself.
func TestOpenASecondTime(t *testing.T) {
	e, path := create(t)
	update(t, e, put("a", "x"))
	begin := time.Now()
	if _, err := bolt.Open(path); !errors.Is(err, bolt.ErrHeld) {
		t.Errorf("error %v", err)
	}
	if took := time.Since(begin); took > time.Second {
		t.Errorf("it took %v", took)
	}
	update(t, e, put("b", "y")) // the first goes on
	closed(t, e)
	if got := read(t, open(t, path), "b"); got != "y" {
		t.Errorf("b is %q", got)
	}
}

func TestOpenWaitsForOneThatIsClosing(t *testing.T) {
	t.Parallel()
	e, path := create(t)
	time.AfterFunc(50*time.Millisecond, func() { _ = e.Close() })
	second, err := bolt.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	closed(t, second)
}

// filled makes a data file of several levels in one commit, and returns it.
func filled(t testing.TB) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kunci.db")
	if err := bolt.Create(path, fill); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	raw := filled(t)
	page := os.Getpagesize()
	zeroed := bytes.Clone(raw)
	clear(zeroed[:2*page])
	half := bytes.Clone(raw)
	clear(half[:page])
	clear(half[2*page:])
	tests := map[string][]byte{
		"empty":                       {},
		"one byte":                    {1},
		"text":                        []byte("no database at all\n"),
		"garbage":                     bytes.Repeat([]byte{0xA5, 0x17, 0xED}, 40_000),
		"zeros":                       make([]byte, len(raw)),
		"zeroed metas":                zeroed,
		"one meta, no pages":          half,
		"cut in the header":           raw[:10],
		"cut in the meta":             raw[:60],
		"after one page, cut short":   raw[:page],
		"in the second, cut short":    raw[:page+40],
		"after the metas, cut short":  raw[:2*page],
		"in the middle, cut short":    raw[:len(raw)/3],
		"after some pages, cut short": raw[:4*page+page/2],
	}
	for name, content := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "kunci.db")
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			before := hash(t, path)
			e, err := bolt.Open(path)
			if err == nil {
				_ = e.Close()
				t.Fatal("it was opened")
			}
			if strings.HasSuffix(name, "cut short") != strings.Contains(err.Error(), "cut short") {
				t.Errorf("the reason: %v", err)
			}
			if after := hash(t, path); after != before {
				t.Errorf("it was changed: %s, then %s", before, after)
			}
		})
	}
}

func TestOpenMakesNoFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := bolt.Open(filepath.Join(dir, "kunci.db")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	if _, err := bolt.Open(dir); err == nil {
		t.Error("a folder was opened")
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("left %v", entries)
	}
}

func TestOpenWithEitherMeta(t *testing.T) {
	t.Parallel()
	raw := filled(t)
	page := os.Getpagesize()
	// The fill is the file's second transaction or so: one meta page shows it,
	// the other shows the state before it. Each alone is a whole file.
	opened := 0
	for i := range 2 {
		content := bytes.Clone(raw)
		clear(content[i*page : (i+1)*page])
		path := filepath.Join(t.TempDir(), "kunci.db")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if e, err := bolt.Open(path); err == nil {
			opened++
			closed(t, e)
		} else {
			t.Logf("without meta page %d: %v", i, err)
		}
	}
	if opened == 0 {
		t.Error("neither meta page is enough")
	}
}
