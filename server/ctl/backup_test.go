package ctl_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"kunci/db/dbtest"
	"kunci/server/auth"
)

// A backup under writes holds, through either end, all that was acknowledged
// before it began, and says what it is a copy of.
func TestBackup(t *testing.T) {
	t.Parallel()
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.fill(2000)
			c := end(h)
			ctx, stop := context.WithCancel(t.Context())
			var writers sync.WaitGroup
			for w := range 2 {
				writers.Go(func() {
					for n := 0; ctx.Err() == nil; n++ {
						if _, err := h.op.AddUser(t.Context(), newUser(fmt.Sprintf("w%d-%d@example.com", w, n))); err != nil {
							t.Error(err)
						}
					}
				})
			}
			for i := range 5 {
				who := fmt.Sprintf("before%d@example.com", i)
				must[*auth.User](t)(h.op.AddUser(t.Context(), newUser(who)))
				var copied bytes.Buffer
				got := must[auth.Snapshot](t)(c.Backup(t.Context(), &copied))
				info := h.store.Info()
				if want := (auth.Snapshot{Instance: info.Instance.String(), Schema: info.Schema, Size: int64(copied.Len())}); got != want {
					t.Errorf("it says %+v of %+v", got, want)
				}
				path := filepath.Join(t.TempDir(), "kunci.db")
				h.check(os.WriteFile(path, copied.Bytes(), 0o600))
				other := houseOver(t, dbtest.OpenFile(t, path))
				must[*auth.User](t)(other.op.User(who))
				must[*auth.User](t)(other.op.User("u2000@example.com"))
			}
			stop()
			writers.Wait()
			h.same(must[*auth.User](t)(c.User(t.Context(), "1")), nil)
		})
	}
}

// A reader that can't go on hears its own error, and holds nothing: the store
// closes.
func TestBackupNotTaken(t *testing.T) {
	t.Parallel()
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.fill(3000)
			c := end(h)
			for _, room := range []int{0, 5000, 300_000} {
				if _, err := c.Backup(t.Context(), &small{room}); err != errStop {
					t.Errorf("room for %d bytes: %v", room, err)
				}
			}
			ctx, cancel := context.WithCancel(t.Context())
			if _, err := c.Backup(ctx, writerFunc(cancel)); !errors.Is(err, context.Canceled) {
				t.Errorf("a context that ends: %v", err)
			}
			h.check(h.store.Close())
			if _, err := c.Backup(t.Context(), io.Discard); auth.AsError(err).Kind != auth.Busy {
				t.Errorf("of a closed store: %v", err)
			}
		})
	}
}

// small has room for so many bytes.
type small struct{ room int }

func (s *small) Write(b []byte) (int, error) {
	if s.room -= len(b); s.room < 0 {
		return 0, errStop
	}
	return len(b), nil
}

type writerFunc func()

func (f writerFunc) Write(b []byte) (int, error) { f(); return len(b), nil }

// An answer that is not whole, or no backup, never passes for one.
func TestBackupCutOff(t *testing.T) {
	t.Parallel()
	frame := func(b string) string {
		return string(binary.BigEndian.AppendUint32(nil, uint32(len(b)))) + b
	}
	whole := frame("hello ") + frame("world") + frame("") + `{"out":{"size":11}}`
	answer := func(body string) error {
		dir := t.TempDir()
		stop := serving(t, dir, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
		defer stop()
		_, err := dialled(t, dir).Backup(t.Context(), io.Discard)
		return err
	}
	if err := answer(whole); err != nil {
		t.Errorf("whole: %v", err)
	}
	bad := map[string]string{
		"another size": strings.Replace(whole, "11}", "12}", 1), "a long frame": "\xff\xff\xff\xff" + whole,
		"a page of a browser": "<!doctype html><title>hello</title>",
	}
	for n := range len(whole) {
		bad[fmt.Sprintf("%d bytes", n)] = whole[:n]
	}
	for what, body := range bad {
		if err := answer(body); err == nil || err.Error() != "the running server ended before the backup was whole: start it, and run this again" {
			t.Errorf("%s: %v", what, err)
		}
	}
	failed := frame("hello ") + frame("") + `{"error":{"reason":"internal","cause":"the disk is gone"}}`
	if err := answer(failed); auth.AsError(err).Kind != auth.Internal || !strings.Contains(err.Error(), "the disk is gone") {
		t.Errorf("an error of the server: %v", err)
	}
}
