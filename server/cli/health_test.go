package cli_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

// What healthcheck says of an answer: the parts that fail, by name, and of what
// is no answer of a kunci only its status.
func TestHealthcheck(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		body   string
		code   int
		says   string
	}{
		"ready":        {200, `{"status":"ready","parts":{"store":"ok","backups":"off"}}`, 0, "ready\n"},
		"an older":     {200, `{"status":"ready"}`, 0, "ready\n"},
		"parts fail":   {200, `{"status":"ready","parts":{"store":"ok","mail":"failing","backups":"failing"}}`, 0, "ready, but failing: backups, mail: see the server's log\n"},
		"not ready":    {503, `{"status":"not ready","parts":{"store":"failing","mail":"ok"}}`, 1, "answered 503, failing: store: see the server's log\n"},
		"older still":  {503, `{"status":"not ready"}`, 1, "answered 503: see the server's log\n"},
		"no JSON":      {503, `<html>`, 1, "answered 503: see the server's log\n"},
		"another":      {200, `{"parts":[1]}`, 0, "ready\n"},
		"a terminal's": {200, `{"parts":{"\u001b[31mred":"failing"}}`, 0, "ready, but failing: "},
		"endless":      {200, `{"parts":{"` + strings.Repeat("x", 100_000) + `":"failing"}}`, 0, "ready\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte(test.body))
			}))
			t.Cleanup(s.Close)
			code, out, errs := ran(t, "healthcheck", "--url", s.URL)
			if said := out + errs; code != test.code || !strings.Contains(said, test.says) || strings.Contains(said, "\x1b") || strings.Count(said, "\n") != 1 {
				t.Errorf("exit %d: %q, want %d: %q", code, said, test.code, test.says)
			}
		})
	}
}

// A server tells of each part whether it is set up.
func TestPartsThatAreOff(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		`{"backups":"off","certificate":"off","hashing":"ok","keys":"ok","mail":"off","store":"ok"}`: nil,
		`{"backups":"off","certificate":"off","hashing":"ok","keys":"ok","mail":"ok","store":"ok"}`:  {"--smtp-url", "smtp://127.0.0.1:1?tls=none"},
	} {
		p := serve(t, filepath.Join(t.TempDir(), "data"), args...)
		got, err := http.Get(p.url + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		raw := done(io.ReadAll(got.Body))(t)
		_ = got.Body.Close()
		if want = `{"status":"ready","parts":` + want + `}`; strings.TrimSpace(string(raw)) != want {
			t.Errorf("%v: %s, want %s", args, raw, want)
		}
		p.stop(t)
	}
}
