package ctl_test

import (
	"bytes"
	"errors"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kunci/db"
	"kunci/server/auth"
	"kunci/server/ctl"
)

// An error comes out of either end as it went in: its kind, reason, fields and
// text, and the field that is taken.
func TestErrorsCross(t *testing.T) {
	t.Parallel()
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			c, ctx := end(h), t.Context()
			must[*auth.User](t)(h.op.AddUser(ctx, newUser("siti@example.com")))
			must[*auth.Organised](t)(h.op.AddCompany(ctx, "PT Maju", ""))
			bad := newUser("not an address")
			bad.Username = ptr("x")
			for what, test := range map[string]struct{ got, want func() error }{
				"not found": {
					func() error { _, err := c.User(ctx, "nobody"); return err },
					func() error { _, err := h.op.User("nobody"); return err },
				},
				"fields": {
					func() error { _, err := c.AddUser(ctx, bad); return err },
					func() error { _, err := h.op.AddUser(ctx, bad); return err },
				},
				"taken": {
					func() error { _, err := c.AddUser(ctx, newUser("SITI@example.com")); return err },
					func() error { _, err := h.op.AddUser(ctx, newUser("SITI@example.com")); return err },
				},
				"a name that is taken": {
					func() error { _, err := c.AddCompany(ctx, "pt maju", ""); return err },
					func() error { _, err := h.op.AddCompany(ctx, "pt maju", ""); return err },
				},
				"nothing to change": {
					func() error { _, err := c.SetUser(ctx, "1", auth.Edit{}); return err },
					func() error { _, err := h.op.SetUser(ctx, "1", auth.Edit{}); return err },
				},
				"no session": {
					func() error { return c.RevokeSession(ctx, strings.Repeat("0", 32)) },
					func() error { return h.op.RevokeSession(ctx, strings.Repeat("0", 32)) },
				},
			} {
				got, want := test.got(), test.want()
				if got == nil || want == nil {
					t.Fatalf("%s: no error: %v, %v", what, got, want)
				}
				if diff := cmp.Diff(flat(want), flat(got)); diff != "" {
					t.Errorf("%s: the error is another:\n%s", what, diff)
				}
			}
			// What was to be made comes beside the error, to word it with.
			if made, _ := c.AddCompany(ctx, " pt   maju ", ""); made == nil || made.Name != "pt maju" {
				t.Errorf("beside the error: %+v", made)
			}
			h.check(h.store.Close())
			if _, err := c.User(ctx, "1"); auth.AsError(err).Kind != auth.Busy {
				t.Errorf("a closed store: %v", err)
			}
			if _, err := c.Users(ctx, nil); auth.AsError(err).Kind != auth.Busy {
				t.Errorf("a list from a closed store: %v", err)
			}
			if _, err := c.User(ctx, "\xff"); err == nil || !strings.Contains(err.Error(), "no UTF-8") {
				t.Errorf("a name that is no text: %v", err)
			}
			if _, err := c.User(ctx, strings.Repeat("x", 1<<20)); err == nil || !strings.Contains(err.Error(), "longer than") {
				t.Errorf("a name without bounds: %v", err)
			}
		})
	}
}

// flat is all that commands tell errors apart by.
func flat(err error) map[string]any {
	e := auth.AsError(err)
	m := map[string]any{"kind": e.Kind, "reason": e.Reason, "fields": e.Fields}
	if e.Cause != nil {
		m["cause"] = e.Cause.Error()
	}
	var taken *db.TakenError
	if errors.As(err, &taken) {
		m["taken"] = taken.Field
	}
	return m
}

// A server of another version, one that breaks off, and one that refuses are
// told in a line that says what to do.
func TestServersThatDoNotAnswer(t *testing.T) {
	t.Parallel()
	breakOff := func(begin string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/" {
				return
			}
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = conn.Write([]byte(begin))
			_ = conn.Close()
		}
	}
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Kunci-Version", "v7.0.0")
			if r.URL.Path != "/" {
				w.WriteHeader(code)
			}
		}
	}
	const (
		ok       = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
		another  = `the running server is of version v7.0.0 and does not know "user list" as this kunci, of version v0.9.0, asks for it: restart it, or use its own binary`
		brokeOff = `the running server ended before it had answered, and may have done "user list" or not: see its log, and look before you run this again`
	)
	for name, test := range map[string]struct {
		handler http.Handler
		want    string
	}{
		"an unknown act":          {status(http.StatusNotFound), another},
		"unknown arguments":       {status(http.StatusBadRequest), another},
		"a refusal":               {status(http.StatusForbidden), "the running server refused the request with status 403: see its log"},
		"the end before a word":   {breakOff(""), brokeOff},
		"the end within a line":   {breakOff(ok + `{"user":{"id`), brokeOff},
		"the end after a line":    {breakOff(ok + `{"user":{"id":1}}` + "\n"), brokeOff},
		"a line that says naught": {breakOff(ok + `{}` + "\n"), brokeOff},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			serving(t, dir, test.handler)
			c := dialled(t, dir)
			if _, err := c.Users(t.Context(), func(*auth.User) error { return nil }); err == nil || err.Error() != test.want {
				t.Errorf("%v\nwant %s", err, test.want)
			}
			if _, err := c.Keys(t.Context()); err == nil || err.Error() != strings.ReplaceAll(test.want, "user list", "key list") {
				t.Errorf("%v\nwant %s", err, test.want)
			}
		})
	}
}

// Whatever a server answers, a client returns, and believes no list that was
// not said to be whole.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"out":{"id":1},"error":null}`, `{"error":{"kind":7,"reason":"taken","fields":[{"Name":"email"}],"taken":"email"}}`,
		`{"user":{"id":1}}` + "\n" + `{"end":true}`, `{"end":true,"unreadable":3}`, `{"end":true,"error":{}}`, `{`, `[]`, "",
	} {
		f.Add([]byte(seed))
	}
	var body atomic.Pointer[[]byte]
	dir := f.TempDir()
	serving(f, dir, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if said := body.Load(); said != nil {
			_, _ = w.Write(*said)
		}
	}))
	c := dialled(f, dir)
	f.Fuzz(func(t *testing.T, said []byte) {
		body.Store(&said)
		_, _ = c.User(t.Context(), "1") // it may be an account, or an error
		_, err := c.Users(t.Context(), func(*auth.User) error { return nil })
		if err == nil && !bytes.Contains(said, []byte("end")) && !bytes.Contains(said, []byte(`\u`)) {
			t.Errorf("%q passes for a whole list", said)
		}
	})
}

// A server that accepts and says nothing is no server that answers.
func TestSilentServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, err := net.Listen("unix", filepath.Join(dir, "admin.sock"))
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
		}
	}()
	if c, err := ctl.Dial(t.Context(), dir, version); c != nil || err != nil {
		t.Errorf("dialled %v, %v", c, err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
