package cli_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A server whose data file is no longer in its place would acknowledge what
// nobody finds again.
func TestServerStopsWhenItsDataIsGone(t *testing.T) {
	t.Parallel()
	tests := map[string]func(t *testing.T, dir string) error{
		"the file removed": func(_ *testing.T, dir string) error { return os.Remove(filepath.Join(dir, "kunci.db")) },
		"the file replaced": func(_ *testing.T, dir string) error {
			file := filepath.Join(dir, "kunci.db")
			raw, err := os.ReadFile(file)
			return errors.Join(err, os.WriteFile(file+".new", raw, 0o600), os.Rename(file+".new", file))
		},
		"the folder moved away": func(_ *testing.T, dir string) error { return os.Rename(dir, dir+".old") },
		"the folder replaced": func(t *testing.T, dir string) error {
			other := copied(t, dir)
			return errors.Join(os.Rename(dir, dir+".old"), os.Rename(other, dir), os.WriteFile(filepath.Join(dir, "lock"), []byte("another's"), 0o600))
		},
	}
	for name, act := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "data")
			p := serve(t, dir)
			if err := act(t, dir); err != nil {
				t.Fatal(err)
			}
			begin := time.Now()
			err := p.end(t)
			t.Logf("noticed after %v", time.Since(begin).Round(time.Millisecond))
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 1 {
				t.Errorf("it ended with %v, want exit status 1", err)
			}
			text := p.text()
			if n := strings.Count(text, `"level":"ERROR","msg":"the data file is not in its place"`); n != 1 {
				t.Errorf("the log says it %d times:\n%s", n, text)
			}
			if n := strings.Count(text, "\nkunci: "); n != 1 || !strings.Contains(text, "kunci.db: the data file was removed, replaced or moved away: put the data back") {
				t.Errorf("%d last words:\n%s", n, text)
			}
			if name == "the folder replaced" {
				if raw, err := os.ReadFile(filepath.Join(dir, "lock")); string(raw) != "another's" {
					t.Errorf("the lock of whoever came in its place: %q, %v", raw, err)
				}
			}
		})
	}
}
