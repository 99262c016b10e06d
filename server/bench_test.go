package server_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"kunci/db/dbtest"
	"kunci/server"
	"kunci/server/auth"
	"kunci/server/dialect"
	"kunci/server/metrics"
	"kunci/server/password"
	"kunci/server/token"
)

// nowhere is a ResponseWriter that costs next to nothing.
type nowhere struct {
	header http.Header
	status int
}

// Header implements http.ResponseWriter.
func (n *nowhere) Header() http.Header { return n.header }

// WriteHeader implements http.ResponseWriter.
func (n *nowhere) WriteHeader(status int) { n.status = status }

// Write implements http.ResponseWriter.
func (n *nowhere) Write(b []byte) (int, error) { return len(b), nil }

// timed is a server over a real store with one account, and a token of its.
// It logs as the program does, to nobody.
func timed(b *testing.B, with ...func(*server.Config)) (*server.Server, string) {
	b.Helper()
	store := dbtest.Open(b)
	ring, err := token.Create(filepath.Join(b.TempDir(), "keys"), store.Info().Instance.String(), time.Now())
	if err != nil {
		b.Fatal(err)
	}
	core := auth.New(auth.Config{
		AuditMost: 1000, AuditKeep: time.Hour,
		Store: store, Ring: ring, Hasher: password.New(password.Params{Memory: 8, Time: 1, Threads: 1}, 1),
		PublicURL: publicURL, SessionLifetime: time.Hour, Audiences: dialect.Names(), Registers: dialect.Registers(), Admit: dialect.Names(),
		Limits: auth.Limits{ExemptLoopback: true},
	})
	config := server.Config{Auth: core, Log: slog.New(server.NewLogHandler(io.Discard, slog.LevelInfo))}
	for _, change := range with {
		change(&config)
	}
	s := server.New(config)
	grant, err := core.SignUp(b.Context(), auth.Caller{Audience: snapotpAudience()}, auth.SignUp{
		Username: "fields", Email: "fields@example.com", Password: secret, Name: "Some Fields",
	})
	if err != nil {
		b.Fatal(err)
	}
	return s, grant.Token
}

func snapotpAudience() *auth.Audience {
	for _, d := range dialect.All {
		if d.Name == "snapotp" {
			return d.Audience
		}
	}
	return nil
}

// answering measures one request again and again.
func answering(b *testing.B, s *server.Server, method, path, contentType, bearer, body string) {
	b.Helper()
	r, err := http.NewRequest(method, path, nil)
	if err != nil {
		b.Fatal(err)
	}
	r.RemoteAddr = "127.0.0.1:4711"
	r.Header.Set("User-Agent", "curl/8.5.0")
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	from := bytes.NewReader([]byte(body))
	w := &nowhere{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		from.Reset([]byte(body))
		r.Body, r.ContentLength = io.NopCloser(from), int64(len(body))
		clear(w.header)
		s.ServeHTTP(w, r)
		if w.status != http.StatusOK {
			b.Fatalf("%s answered %d", path, w.status)
		}
	}
}

// What GET /api/auth/me costs beyond the connection: token, session and
// account looked up, answer, log line.
func BenchmarkMe(b *testing.B) {
	s, tok := timed(b)
	answering(b, s, http.MethodGet, "/api/auth/me", "", tok, "")
}

// The same where every answer is counted.
func BenchmarkMeCounted(b *testing.B) {
	s, tok := timed(b, func(c *server.Config) { c.Observe = metrics.New("v1", "go1").Route })
	answering(b, s, http.MethodGet, "/api/auth/me", "", tok, "")
}

// What a sign-in costs with next to no hash: mostly one write to the disk.
func BenchmarkSignInLessHash(b *testing.B) {
	s, _ := timed(b)
	answering(b, s, http.MethodPost, "/api/auth/login", jsonType, "", `{"username":"fields","password":"`+secret+`"}`)
}
