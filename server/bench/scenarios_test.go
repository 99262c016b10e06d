package bench_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"kunci/server/bench"
)

// pretender answers as kunci does, and remembers who asked.
type pretender struct {
	mu        sync.Mutex
	signedIn  int
	addresses map[string]bool
	people    map[string]int // by e-mail or username
	ended     map[string]int // by token
	full      bool           // every second sign-in is refused
}

func (s *pretender) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addresses[r.Header.Get("X-Forwarded-For")] = true
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	body, _ := io.ReadAll(r.Body)
	answer := `{"success": true, "data": {"id": 1}}`
	switch r.URL.Path {
	case "/.well-known/paseto-keys":
		answer = `{"keys": [{"kid": "k2.pid.x"}]}`
	case "/api/auth/me":
		if !strings.HasPrefix(token, "token-") {
			w.WriteHeader(http.StatusUnauthorized)
		}
	case "/api/v1/auth/logout":
		if s.ended[token]++; s.ended[token] > 1 {
			w.WriteHeader(http.StatusUnauthorized)
		}
	case "/api/auth/login", "/api/auth/register":
		s.people[string(body)]++
		s.signedIn++
		if s.full && s.signedIn%2 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		if r.URL.Path == "/api/auth/register" {
			w.WriteHeader(http.StatusCreated)
		}
		answer = fmt.Sprintf(`{"success": true, "data": {"token": "token-%d"}}`, s.signedIn)
	}
	_, _ = io.WriteString(w, answer)
}

func benchOf(t *testing.T) (*bench.Bench, *pretender) {
	t.Helper()
	s := &pretender{addresses: map[string]bool{}, people: map[string]int{}, ended: map[string]int{}}
	addr := served(t, s.ServeHTTP)
	return &bench.Bench{
		Clients: 4, Duration: 50 * time.Millisecond, Rate: 200, Width: 2,
		Server: bench.Server{Target: bench.Target{Addr: addr, Host: addr}},
		People: &bench.People{Count: 100, Password: "secret"},
		Tokens: []string{"token-a", "token-b"},
		Hash:   func(context.Context) error { time.Sleep(time.Millisecond); return nil },
		Bare: func(int) (func(int) error, func() error, error) {
			return func(int) error { time.Sleep(time.Millisecond); return nil }, func() error { return nil }, nil
		},
	}, s
}

// named is the row of a report that is called so.
func named(t *testing.T, rows []bench.Row, what string) bench.Row {
	t.Helper()
	for _, r := range rows {
		if r.What == what {
			return r
		}
	}
	t.Fatalf("no row is called %q: %+v", what, rows)
	return bench.Row{}
}

func TestScenariosHoldActsToYardsticks(t *testing.T) {
	t.Parallel()
	b, s := benchOf(t)
	if err := b.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	logout, err := b.Logout(t.Context()) // by sessions that it opens itself
	if err != nil {
		t.Fatal(err)
	}
	for what, rows := range map[string][]bench.Row{
		"4 clients": logout, "1 client": logout, "16 clients": b.Login(t.Context()), "sign-ins": b.Mixed(t.Context()),
	} {
		r := named(t, rows, what)
		if r.Answers == 0 || r.Faults() > 0 || r.Broken() {
			t.Errorf("%s: %d answers, errors %v", what, r.Answers, r.Errors)
		}
		if r.Ratio == nil || *r.Ratio <= 0 || r.Yardstick == "" || r.YardstickPerS == nil && r.YardstickMS == nil {
			t.Errorf("%s is held to nothing: %+v", what, r)
		}
	}
	if r := named(t, b.Register(t.Context()), "4 clients"); r.Answers == 0 || r.Faults() > 0 || r.Ratio == nil {
		t.Errorf("register: %+v", r)
	}
	if r := named(t, b.Me(t.Context()), "4 clients"); r.Answers == 0 || r.Ratio != nil || r.MemoryMiB != nil {
		t.Errorf("me without a yardstick and without a process to see: %+v", r)
	}
	if one, perS := b.Hashing(); one < time.Millisecond || perS <= 0 || perS > 2000 {
		t.Errorf("a hash of 1 ms took %s, %f a second", one, perS)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.addresses) < 50 {
		t.Errorf("all came from %d addresses", len(s.addresses))
	}
	for a := range s.addresses {
		if addr, err := netip.ParseAddr(a); err != nil || !addr.IsGlobalUnicast() || addr.IsLoopback() || addr.IsPrivate() {
			t.Errorf("somebody came from %q", a)
		}
	}
}

func TestRefusalsAreNoErrorsOfABurstAlone(t *testing.T) {
	t.Parallel()
	b, s := benchOf(t)
	s.full = true
	rows := b.Login(t.Context())
	burst := named(t, rows, "256 at once")
	if burst.Faults() > 0 || burst.Refused["503"] == 0 || burst.Answers+burst.Refused["503"] != 256 {
		t.Errorf("%d answers, errors %v, refused %v, want 256 in all", burst.Answers, burst.Errors, burst.Refused)
	}
	if steady := rows[0]; steady.Errors["503"] == 0 || len(steady.Refused) > 0 {
		t.Errorf("errors %v, refused %v: a refusal of one of 16 is an error", steady.Errors, steady.Refused)
	}
}

func TestSignUpTellsWhatStandsInItsWay(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]string{403: "--sign-up", 429: "--trusted-proxies", 500: "500"} {
		b, _ := benchOf(t)
		b.Server.Addr = served(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		if err := b.SignUp(t.Context(), func(int) {}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d: %v, want %q in it", status, err, want)
		}
	}
	b, s := benchOf(t)
	b.Tokens = nil
	if err := b.SignUp(t.Context(), func(int) {}); err != nil || len(b.Tokens) != 100 || len(s.people) != 100 {
		t.Errorf("%v: %d tokens of %d people, want 100", err, len(b.Tokens), len(s.people))
	}
}

func TestLogoutReportsABrokenYardstick(t *testing.T) {
	t.Parallel()
	b, _ := benchOf(t)
	broken := errors.New("the disk is full")
	b.Bare = func(int) (func(int) error, func() error, error) {
		return func(int) error { return broken }, func() error { return nil }, nil
	}
	b.Sessions = []string{"token-1", "token-2", "token-3", "token-4", "token-5"}
	if _, err := b.Logout(t.Context()); !errors.Is(err, broken) {
		t.Errorf("%v, want %v", err, broken)
	}
}

func TestPeopleAreManyAndStayTheSame(t *testing.T) {
	t.Parallel()
	p, again := &bench.People{}, &bench.People{}
	seen := map[string]bool{}
	for i := range 20_000 {
		who := p.Person(i)
		if who != again.Person(i) {
			t.Fatalf("%d is another person the second time", i)
		}
		for _, name := range []string{who.Username, who.Email} {
			if seen[name] {
				t.Fatalf("%s is there twice", name)
			}
			seen[name] = true
		}
		if len(who.Username) > 32 || who.Name == "" || who.Phone == "" {
			t.Fatalf("no account can be of %+v", who)
		}
	}
}
