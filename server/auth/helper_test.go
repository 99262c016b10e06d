package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"kunci/db"
	"kunci/db/dbtest"
	"kunci/server/auth"
	"kunci/server/password"
	"kunci/server/token"
)

const publicURL = "https://login.example.test"

// Audiences as five dialects would declare them.
var (
	snapotp   = &auth.Audience{Name: "snapotp", Claims: userName}
	smart     = &auth.Audience{Name: "smart", Claims: userName}
	shoop     = &auth.Audience{Name: "shoop", OpaqueKey: true, ShortOK: true}
	dashboard = &auth.Audience{Name: "dashboard", Membership: true, FieldRules: true, Claims: userName}
	pwa       = &auth.Audience{Name: "pwa", FieldRules: true, Claims: userName}
)

func userName(p *auth.Profile) auth.Claims { return auth.Claims{"userName": auth.Name(p.Name)} }

// goodPassword is within every rule.
const goodPassword = "Tr0ub4dor&Zebra"

// time15 is long enough for a name to be tried again.
const time15 = 15 * time.Minute

// Addresses in ranges of their own, none of them loopback.
const (
	home     = "192.0.2.10"
	stranger = "198.51.100.20"
)

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// house is a service with all that it stands on.
type house struct {
	*auth.Service
	t     testing.TB
	op    auth.Operator
	clock *clock
	// What Google and Facebook say of a token; one that is absent is refused,
	// "down" can't be checked.
	google   map[string]auth.GoogleIdentity
	facebook map[string]string
}

var errDown = errors.New("no answer")

func newHouse(t testing.TB, with ...func(*auth.Config)) *house {
	t.Helper()
	return houseOver(t, dbtest.Open(t), with...)
}

func houseOver(t testing.TB, store *db.Store, with ...func(*auth.Config)) *house {
	t.Helper()
	h := &house{
		t: t, clock: &clock{t: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)},
		google: map[string]auth.GoogleIdentity{}, facebook: map[string]string{},
	}
	ring, err := token.Create(filepath.Join(t.TempDir(), "keys"), store.Info().Instance.String(), h.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	c := auth.Config{
		Store: store, Ring: ring, Hasher: password.New(password.Params{Memory: 64, Time: 1, Threads: 1}, 2),
		PublicURL: publicURL, SessionLifetime: 30 * 24 * time.Hour, Now: h.clock.Now,
		Audiences:   []string{"smart", "snapotp", "shoop", "dashboard", "pwa"},
		Memberships: []string{"dashboard"},
		Admit:       []string{"snapotp", "shoop"}, Registers: []string{"snapotp", "shoop"},
		Google: func(_ context.Context, idToken string) (auth.GoogleIdentity, error) {
			return said(h.google, idToken)
		},
		AuditMost: 1000, AuditKeep: 90 * 24 * time.Hour,
		Facebook: func(_ context.Context, accessToken string) (string, error) {
			return said(h.facebook, accessToken)
		},
	}
	for _, f := range with {
		f(&c)
	}
	h.Service = auth.New(c)
	h.op = auth.Operator{Service: h.Service}
	return h
}

func said[T any](answers map[string]T, tok string) (answer T, err error) {
	if tok == "down" {
		return answer, errDown
	}
	answer, ok := answers[tok]
	if !ok {
		return answer, fmt.Errorf("stand-in: %w", auth.ErrClaimRefused)
	}
	return answer, nil
}

func social(google, facebook auth.SocialMode) func(*auth.Config) {
	return func(c *auth.Config) { c.GoogleMode, c.FacebookMode = google, facebook }
}

func caller(a *auth.Audience, addr string) auth.Caller {
	return auth.Caller{Audience: a, Addr: netip.MustParseAddr(addr), Lang: "en"}
}

// must fails the test where an act that has to succeed does not.
func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// wantKind asks for an error of a kind.
func wantKind(t testing.TB, err error, kind auth.Kind) *auth.Error {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one of kind %d", kind)
	}
	e := auth.AsError(err)
	if e.Kind != kind {
		t.Fatalf("kind %d (%v), want %d", e.Kind, err, kind)
	}
	return e
}

// register signs an account up in snapotp.
func (h *house) register(email, username string) *auth.Grant {
	h.t.Helper()
	return must[*auth.Grant](h.t)(h.SignUp(h.t.Context(), caller(snapotp, home), auth.SignUp{
		Email: email, Username: username, Password: goodPassword, Name: "Budi Santoso",
	}))
}

// add makes an account as an operator does.
func (h *house) add(email string, rest auth.Edit) *auth.User {
	h.t.Helper()
	name := "Siti Rahma"
	rest.Email = &email
	if rest.Name == nil {
		rest.Name = &name
	}
	return must[*auth.User](h.t)(h.op.AddUser(h.t.Context(), auth.NewUser{Edit: rest, Password: goodPassword}))
}

// login signs in with what was typed as the username.
func (h *house) login(a *auth.Audience, who, pw, addr string) (*auth.Grant, error) {
	return h.SignIn(h.t.Context(), caller(a, addr), auth.SignIn{Username: who, Password: pw})
}

// in signs in from home, which must succeed.
func (h *house) in(a *auth.Audience, who string) *auth.Grant {
	h.t.Helper()
	return must[*auth.Grant](h.t)(h.login(a, who, goodPassword, home))
}

// stands says whether a credential names a session; errors other than
// NoSession fail the test.
func (h *house) stands(credential string) bool {
	h.t.Helper()
	_, err := h.WhoAmI(h.t.Context(), auth.Caller{}, credential)
	if err != nil {
		wantKind(h.t, err, auth.NoSession)
	}
	return err == nil
}

func (h *house) account(email string) (a *db.Account) {
	h.t.Helper()
	err := h.Store.View(func(v db.View) (err error) { a, err = v.AccountByEmail(email); return err })
	return must[*db.Account](h.t)(a, err)
}

// edit changes an account behind the service's back.
func (h *house) edit(email string, fn func(*db.Account)) {
	h.t.Helper()
	err := h.Store.Update(h.t.Context(), func(tx db.Tx) error {
		a, err := tx.AccountByEmail(email)
		if err != nil {
			return err
		}
		fn(a)
		return tx.PutAccount(a)
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func ptr[T any](v T) *T { return &v }

// company makes what a membership needs, and returns an edit that gives it.
func (h *house) company() auth.Edit {
	h.t.Helper()
	ctx := h.t.Context()
	must[*auth.Organised](h.t)(h.op.AddCompany(ctx, "PT Maju", ""))
	must[*auth.Organised](h.t)(h.op.AddDivision(ctx, "PT Maju", "Gudang", ""))
	must[*auth.Organised](h.t)(h.op.AddRole(ctx, "Kepala", uuid.NewString()))
	return auth.Edit{Company: ptr("PT Maju"), Division: ptr("Gudang"), Role: ptr("Kepala")}
}
