package ctl_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kunci/server/auth"
	"kunci/server/ctl"
)

// ends are both ways to have an act done.
var ends = map[string]func(*house) *ctl.Client{"local": (*house).local, "live": (*house).live}

// Every act does, through either end, what the operator's own method does.
func TestEveryAct(t *testing.T) {
	t.Parallel()
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			c, ctx := end(h), t.Context()
			in := newUser("siti@example.com")
			in.Password, in.Username, in.CreditBalance = "Corr3ct horse!", ptr("siti"), ptr(int64(-5))
			made := must[*auth.User](t)(c.AddUser(ctx, in))
			h.same(made, nil)

			company := must[*auth.Organised](t)(c.AddCompany(ctx, "PT Maju", ""))
			must[*auth.Organised](t)(c.AddDivision(ctx, company.UUID, "Gudang", ""))
			must[*auth.Organised](t)(c.AddRole(ctx, "Kepala", "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"))
			member := auth.Edit{Company: ptr("PT Maju"), Division: ptr("Gudang"), Role: ptr("Kepala"), Username: ptr("")}
			change := must[ctl.Change](t)(c.SetUser(ctx, "siti", member))
			if diff := cmp.Diff(made, change.Before); diff != "" || change.After.Company != "PT Maju" || change.After.Username != "" {
				t.Errorf("changed %+v\n%s", change.After, diff)
			}
			h.same(change.After, nil)
			h.same(must[[]auth.Organised](t)(c.Companies(ctx)), h.op.Companies)
			h.same(must[[]auth.Organised](t)(c.Divisions(ctx)), h.op.Divisions)
			h.same(must[[]auth.Organised](t)(c.Roles(ctx)), h.op.Roles)

			signedIn(h, "siti@example.com", "Corr3ct horse!")
			signedIn(h, "siti@example.com", "Corr3ct horse!")
			list := must[[]auth.OpenSession](t)(c.Sessions(ctx, "1"))
			h.same(list, func() ([]auth.OpenSession, error) { return h.op.Sessions("1") })
			h.check(c.RevokeSession(ctx, list[0].ID))
			for want := range []int{1, 0} {
				if ended := must[ctl.Ended](t)(c.RevokeSessions(ctx, "1")); *ended.Sessions != 1-want {
					t.Errorf("%d sessions ended, want %d", *ended.Sessions, 1-want)
				}
			}
			signedIn(h, "siti@example.com", "Corr3ct horse!")
			if ended := must[ctl.Ended](t)(c.SetPassword(ctx, "1", "An0ther horse!", "id")); *ended.Sessions != 1 {
				t.Errorf("%d sessions ended by another password", *ended.Sessions)
			}
			signedIn(h, "siti@example.com", "An0ther horse!")
			h.check(c.Disable(ctx, "1"))
			if !must[*auth.User](t)(c.User(ctx, "1")).Disabled {
				t.Error("a disabled account is not")
			}
			h.check(c.Enable(ctx, "1"))
			h.same(must[*auth.User](t)(c.User(ctx, "siti@example.com")), nil)

			h.same(must[[]auth.QueuedMail](t)(c.QueuedMails(ctx)), h.op.QueuedMails)

			before := must[[]ctl.Key](t)(c.Keys(ctx))
			r := must[ctl.Rotation](t)(c.RotateKey(ctx))
			after := must[[]ctl.Key](t)(c.Keys(ctx))
			if len(before) != 1 || len(after) != 2 || r.ID != after[0].ID || !after[0].Signing || after[0].Until != nil {
				t.Errorf("keys %+v, then %+v", before, after)
			}
			if diff := cmp.Diff(&after[1], r.Former); diff != "" || r.Former.ID != before[0].ID || r.Former.Until == nil {
				t.Errorf("the former key: %+v\n%s", r.Former, diff)
			}
			if faults := must[[]string](t)(c.Check(ctx, unseen)); len(faults) != 0 {
				t.Errorf("faults %v", faults)
			}
			h.check(c.Delete(ctx, made.UUID))
			if n := must[int](t)(c.Users(ctx, func(u *auth.User) error { return fmt.Errorf("%s is still there", u.Email) })); n != 0 {
				t.Errorf("%d unreadable", n)
			}
		})
	}
}

// same compares what came through with what the operator's own method says;
// for an account, nil asks for that.
func (h *house) same(got any, want any) {
	h.t.Helper()
	var diff string
	switch want := want.(type) {
	case func() ([]auth.Organised, error):
		diff = cmp.Diff(must[[]auth.Organised](h.t)(want()), got)
	case func() ([]auth.OpenSession, error):
		diff = cmp.Diff(must[[]auth.OpenSession](h.t)(want()), got)
	case func() ([]auth.QueuedMail, error):
		diff = cmp.Diff(must[[]auth.QueuedMail](h.t)(want()), got)
	default:
		diff = cmp.Diff(must[*auth.User](h.t)(h.op.User(got.(*auth.User).UUID)), got)
	}
	if diff != "" {
		h.t.Errorf("it did not come through whole:\n%s", diff)
	}
}

func signedIn(h *house, who, pw string) {
	h.t.Helper()
	snapotp := &auth.Audience{Name: "snapotp", Claims: func(*auth.Profile) auth.Claims { return nil }}
	_, err := h.op.SignIn(h.t.Context(), auth.Caller{Audience: snapotp}, auth.SignIn{Username: who, Password: pw})
	h.check(err)
}

// The log has one line for each act: what, about whom, with what outcome, and
// nothing that was typed.
func TestLog(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c, ctx := h.live(), t.Context()
	siti := must[*auth.User](t)(h.op.AddUser(ctx, newUser("siti@example.com")))
	key := ""
	rotate := func() error { r, err := c.RotateKey(ctx); key = r.ID; return err }
	n := 0
	for _, test := range []struct {
		act     string
		do      func() error
		subject string
		outcome string
	}{
		{"user show", func() error { _, err := c.User(ctx, "siti@example.com"); return err }, siti.UUID, "ok"},
		{"user show", func() error { _, err := c.User(ctx, "secret@example.com"); return err }, "", "not_found"},
		{"user passwd", func() error { _, err := c.SetPassword(ctx, "1", "s3cret Secret!", "id"); return err }, siti.UUID, "ok"},
		{"user passwd", func() error { _, err := c.SetPassword(ctx, "1", "secret", "id"); return err }, siti.UUID, "invalid"},
		{"user add", func() error { _, err := c.AddUser(ctx, newUser("siti@example.com")); return err }, "", "taken"},
		{"session revoke", func() error { return c.RevokeSession(ctx, "secret") }, "", "invalid"},
		{"user delete", func() error { return c.Delete(ctx, "siti@example.com") }, siti.UUID, "ok"},
		{"key rotate", rotate, "", "ok"},
	} {
		err := test.do()
		n++
		m := h.log.last(t, n)
		if m["act"] != test.act || m["outcome"] != test.outcome || (err == nil) != (test.outcome == "ok") || m["msg"] != "operator" || len(fmt.Sprint(m["request"])) != 36 {
			t.Errorf("%s (%v): %v", test.act, err, m)
		}
		if test.act == "key rotate" {
			test.subject = key
		}
		if got, _ := m["subject"].(string); got != test.subject {
			t.Errorf("%s is about %q, want %q", test.act, got, test.subject)
		}
	}
	for _, typed := range []string{"@", "ecret"} {
		if strings.Contains(h.log.text(), typed) {
			t.Errorf("the log has %q:\n%s", typed, h.log.text())
		}
	}
}

// An end of ctx is told as that, not as what it led to.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	for name, end := range ends {
		h := newHouse(t)
		c := end(h)
		ctx, cancel := context.WithCancel(t.Context())
		_, err := c.Users(ctx, func(*auth.User) error { return nil })
		h.check(err)
		for n := range 3 {
			must[*auth.User](t)(h.op.AddUser(t.Context(), newUser(fmt.Sprintf("u%d@example.com", n))))
		}
		cancel()
		if _, err = c.AddUser(ctx, withPassword(newUser("late@example.com"))); err != context.Canceled {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func withPassword(in auth.NewUser) auth.NewUser {
	in.Password = "Corr3ct horse!"
	return in
}
