package auth_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"kunci/db"
	"kunci/server/auth"
)

func TestOrganise(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	given := uuid.NewString()
	c := must[*auth.Organised](t)(h.op.AddCompany(ctx, "  PT   Zeta ", given))
	if c.UUID != given || c.Name != "PT Zeta" {
		t.Errorf("company %+v", c)
	}
	must[*auth.Organised](t)(h.op.AddCompany(ctx, "PT Alfa", ""))
	for _, d := range []struct{ company, name string }{{"pt zeta", "Toko"}, {given, "Gudang"}, {"PT Alfa", "Toko"}} {
		must[*auth.Organised](t)(h.op.AddDivision(ctx, d.company, d.name, ""))
	}
	must[*auth.Organised](t)(h.op.AddRole(ctx, "Staf", ""))
	must[*auth.Organised](t)(h.op.AddRole(ctx, "Kepala", ""))
	h.add("siti@example.com", auth.Edit{Company: ptr("PT Zeta"), Division: ptr("toko"), Role: ptr("STAF")})

	list := func(all []auth.Organised, err error) (names string) {
		t.Helper()
		for _, o := range must[[]auth.Organised](t)(all, err) {
			names += o.Company + "/" + o.Name + strings.Repeat("*", o.Members) + " "
		}
		return names
	}
	for got, want := range map[string]string{
		list(h.op.Companies()): "/PT Alfa /PT Zeta* ",
		list(h.op.Divisions()): "PT Alfa/Toko PT Zeta/Gudang PT Zeta/Toko* ",
		list(h.op.Roles()):     "/Kepala /Staf* ",
	} {
		if got != want {
			t.Errorf("listed %q, want %q", got, want)
		}
	}
	for name, test := range map[string]struct {
		do   func() (*auth.Organised, error)
		kind auth.Kind
	}{
		"name taken":          {func() (*auth.Organised, error) { return h.op.AddCompany(ctx, "PT ZETA", "") }, auth.Taken},
		"id taken":            {func() (*auth.Organised, error) { return h.op.AddCompany(ctx, "PT Lain", given) }, auth.Taken},
		"the reserved id":     {func() (*auth.Organised, error) { return h.op.AddCompany(ctx, "PT Lain", db.NoCompany.String()) }, auth.Taken},
		"no id":               {func() (*auth.Organised, error) { return h.op.AddCompany(ctx, "PT Lain", "7") }, auth.Invalid},
		"no name":             {func() (*auth.Organised, error) { return h.op.AddRole(ctx, " ", "") }, auth.Invalid},
		"division taken":      {func() (*auth.Organised, error) { return h.op.AddDivision(ctx, "PT Zeta", "toko", "") }, auth.Taken},
		"division of nothing": {func() (*auth.Organised, error) { return h.op.AddDivision(ctx, "PT Lain", "Toko", "") }, auth.NotFound},
		"role taken":          {func() (*auth.Organised, error) { return h.op.AddRole(ctx, "staf", "") }, auth.Taken},
	} {
		if _, err := test.do(); err == nil || auth.AsError(err).Kind != test.kind {
			t.Errorf("%s: %v, want kind %d", name, err, test.kind)
		}
	}
}

func TestOperatorSessions(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.register("budi@example.com", "")
	h.clock.add(time.Minute)
	g := h.in(shoop, "budi@example.com")
	list := must[[]auth.OpenSession](t)(h.op.Sessions("budi@example.com"))
	if len(list) != 2 || list[0].Audience != "shoop" || list[0].Addr != home || !list[0].Created.Equal(h.clock.Now()) || list[1].Audience != "snapotp" {
		t.Fatalf("sessions %+v", list)
	}
	h.check(h.op.RevokeSession(t.Context(), list[0].ID))
	if h.stands(g.Token) {
		t.Error("a revoked session stands")
	}
	wantKind(t, h.op.RevokeSession(t.Context(), list[0].ID), auth.NotFound)
	wantKind(t, h.op.RevokeSession(t.Context(), "7"), auth.Invalid)
	_, err := h.op.Sessions("nobody")
	wantKind(t, err, auth.NotFound)
	h.clock.add(h.SessionLifetime)
	if list = must[[]auth.OpenSession](t)(h.op.Sessions("1")); len(list) != 0 {
		t.Errorf("expired sessions are listed: %+v", list)
	}
}

func TestRotateKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	old := h.register("budi@example.com", "").Token
	first := h.PublishedKeys()
	h.clock.add(time.Hour)
	id := must[string](t)(h.op.RotateKey(t.Context()))
	renewed := h.in(snapotp, "budi@example.com").Token
	if !h.stands(old) || !h.stands(renewed) {
		t.Error("a rotation ended a session")
	}
	keys := h.PublishedKeys()
	if len(first) != 1 || len(keys) != 2 || keys[0].ID != id || keys[1] != first[0] || !keys[0].Since.Equal(h.clock.Now()) {
		t.Errorf("keys %+v, first %+v", keys, first)
	}
	if op := h.op.Keys(); len(op) != 2 || !op[0].Signing || op[1].Signing {
		t.Errorf("the operator sees %+v", op)
	}
	h.clock.add(h.SessionLifetime - time.Hour - time.Second) // the old token's last second
	if !h.stands(old) || len(h.PublishedKeys()) != 2 {
		t.Error("the old key was retired before its last token expired")
	}
	h.clock.add(2 * time.Hour)
	h.check(h.Sweep(t.Context()))
	if keys = h.PublishedKeys(); len(keys) != 1 || keys[0].ID != id {
		t.Errorf("keys after all has expired: %+v", keys)
	}
}
