package ctl_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"kunci/server/auth"
	"kunci/server/password"
)

// rows are so many, of 500 bytes each.
func rows(n int) string {
	var b strings.Builder
	for i := range n {
		row := fmt.Sprintf(`{"email":"u%d@example.com","name":"Siti"}`, i)
		b.WriteString(row + strings.Repeat(" ", 499-len(row)) + "\n")
	}
	return b.String()
}

// hashed are rows with fast hashes, of which a batch has 200.
func hashed(n int) string {
	return strings.ReplaceAll(rows(n), `"name"`, `"password_hash":"7416928a0d9c1d93926f389fc1d26b06","name"`)
}

func noNews(*auth.ImportNews) error { return nil }

var (
	ndjson = auth.Import{Format: auth.ImportNDJSON}
	dry    = auth.Import{Format: auth.ImportNDJSON, DryRun: true}
)

// A list goes in while its rows are told of, and comes out again, whatever its
// length.
func TestImportExport(t *testing.T) {
	t.Parallel()
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			c := end(h)
			const n = 2_500 // over 1 MiB
			told, refused := int64(0), 0
			report, err := c.Import(t.Context(), strings.NewReader(rows(n)+"junk\n"), ndjson, func(news *auth.ImportNews) error {
				told = news.Rows
				refused += len(news.Refused)
				return nil
			})
			if err != nil || report.Imported != n || report.Refused != 1 || told != n+1 || refused != 1 {
				t.Fatalf("%+v, told of %d, %d refused, %v", report, told, refused, err)
			}
			i := 0
			unreadable, err := c.Export(t.Context(), false, func(e *auth.Exported) error {
				if want := fmt.Sprintf("u%d@example.com", i); e.Email != want || e.RoleID != 3 || e.Created.IsZero() {
					return fmt.Errorf("%+v, want %s", e, want)
				}
				i++
				return nil
			})
			if unreadable != 0 || i != n || err != nil {
				t.Errorf("%d accounts, %d unreadable, %v", i, unreadable, err)
			}
			if _, err := c.Export(t.Context(), true, func(*auth.Exported) error { return errStop }); err != errStop {
				t.Error(err)
			}
		})
	}
}

// What ends an import before its file does comes out as it is, and the next act
// is done.
func TestImportEndsEarly(t *testing.T) {
	t.Parallel()
	errDisk := errors.New("read list: input/output error")
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			c := end(h)
			report, err := c.Import(t.Context(), io.MultiReader(strings.NewReader("name,phone\n"), endless{}), auth.Import{Format: auth.ImportCSV}, noNews)
			if e := auth.AsError(err); e.Kind != auth.Invalid || e.Reason != "columns" || report.Rows != 0 {
				t.Errorf("a wrong column: %+v, %v", report, err)
			}
			_, err = c.Import(t.Context(), io.MultiReader(strings.NewReader(rows(10)), failing{errDisk}), ndjson, noNews)
			if !errors.Is(err, errDisk) {
				t.Errorf("a file that can't be read: %v", err)
			}
			_, err = c.Import(t.Context(), io.MultiReader(strings.NewReader(hashed(201)), endless{}), dry, func(*auth.ImportNews) error { return errStop })
			if err != errStop {
				t.Errorf("a command that stops: %v", err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			_, err = c.Import(ctx, io.MultiReader(strings.NewReader(hashed(201)), endless{}), dry, func(*auth.ImportNews) error { cancel(); return nil })
			if !errors.Is(err, context.Canceled) {
				t.Errorf("an end from outside: %v", err)
			}
			if _, err := c.Companies(t.Context()); err != nil {
				t.Errorf("the next act: %v", err)
			}
		})
	}
}

// A client that leaves ends its import, though the server has not read all of its list.
func TestImportClientLeaves(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.op.Hasher = password.New(password.Params{Memory: 32 << 10, Time: 3, Threads: 1}, 1) // a batch takes many seconds
	c := h.live()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for running := 0; running == 0; running, _ = h.op.Hasher.Load() {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	if _, err := c.Import(ctx, strings.NewReader(hashed(5000)), ndjson, noNews); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if line := h.log.last(t, 1); line["act"] != "import" || line["outcome"] != "the client left" {
		t.Errorf("the log says %v", line)
	}
	h.check(h.op.Users(0, func(u *auth.User, _ error) bool { t.Errorf("%s stands", u.Email); return false }))
}

// A store that takes no writes is told as such.
func TestImportUnavailable(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	dir := t.TempDir()
	serving(t, dir, h.handler())
	c := dialled(t, dir)
	h.check(h.store.Close())
	_, err := c.Import(t.Context(), strings.NewReader(rows(10)), ndjson, noNews)
	if auth.AsError(err).Kind != auth.Busy {
		t.Errorf("%v", err)
	}
}

// endless is a file without an end, in blank lines.
type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = '\n'
	}
	return len(b), nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
