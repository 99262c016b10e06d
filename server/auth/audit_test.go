package auth_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"kunci/db"
	"kunci/mail"
	"kunci/server/auth"
)

// told is the audit log in short, the newest last: who (by the UUIDs of whom is
// known), what, what came of it.
func (h *house) told(q auth.AuditQuery) (lines []string) {
	h.t.Helper()
	page := must[*auth.AuditPage](h.t)(h.op.Audit(h.t.Context(), q))
	if page.Unreadable != 0 {
		h.t.Errorf("%d entries can't be read", page.Unreadable)
	}
	names := map[string]string{"": "-"}
	err := h.op.Users(0, func(u *auth.User, err error) bool {
		names[u.UUID] = strings.SplitN(u.Email, "@", 2)[0]
		return true
	})
	h.check(err)
	for _, e := range page.Entries {
		who, known := names[e.Account]
		if !known {
			who = "gone"
		}
		line := fmt.Sprintf("%s %s %s %s", e.Dialect, who, e.Event, e.Outcome)
		if e.Reason != "" {
			line += ": " + e.Reason
		}
		if e.Times > 1 {
			line += fmt.Sprintf(" ×%d", e.Times)
		}
		lines = append(lines, line)
	}
	return lines
}

// tells holds what the log has told since the last time to what it must.
func (h *house) tells(seen *uint64, want ...string) {
	h.t.Helper()
	h.told(auth.AuditQuery{Limit: 1}) // what waits is written by it
	got := h.told(auth.AuditQuery{After: *seen})
	*seen += uint64(len(got))
	if diff := cmp.Diff(want, got); diff != "" {
		h.t.Errorf("-want +got:\n%s", diff)
	}
}

func TestAuditOfCallers(t *testing.T) {
	t.Parallel()
	h, seen := newHouse(t), uint64(0)
	ctx := t.Context()
	budi := h.register("budi@example.com", "budi")
	h.tells(&seen, "snapotp budi sign-up ok")
	h.in(shoop, "budi")
	h.tells(&seen, "shoop budi sign-in ok")
	_, _ = h.login(snapotp, "budi@example.com", "wrong", stranger)
	_, _ = h.login(smart, "nobody", "wrong", stranger)
	_, _ = h.login(smart, "budi", goodPassword, stranger)
	_, _ = h.login(smart, "budi", "", stranger)
	h.tells(&seen, "snapotp budi sign-in wrong_password: wrong password", "smart - sign-in wrong_password: no such account",
		"smart budi sign-in not_admitted: self-registered accounts are not admitted here", "smart - sign-in invalid: password required")
	must[*auth.Profile](t)(h.WhoAmI(ctx, caller(snapotp, home), budi.Token))
	must[auth.Done](t)(h.SignOut(ctx, caller(snapotp, home), budi.Token))
	_, _ = h.SignOut(ctx, caller(snapotp, home), budi.Token)
	h.tells(&seen, "snapotp budi sign-out ok")

	h.takeMails("")
	tok := h.resetLink("budi@example.com")
	h.forgot("budi@example.com", home)
	must[auth.Done](t)(h.Forgot(ctx, caller(shoop, home), auth.Forgot{Email: "nobody@example.com", WithProfile: true}))
	h.tells(&seen, "snapotp budi reset-asked ok", "snapotp budi reset-asked no_mail: this account and address range were mailed less than two minutes ago",
		"shoop - reset-asked no_mail: no such account")
	page := auth.Caller{Addr: caller(snapotp, home).Addr, Lang: "en"}
	_, _ = h.Reset(ctx, page, auth.Reset{Token: "no token", Password: goodPassword})
	_, _ = h.Reset(ctx, page, auth.Reset{Token: tok, Password: "password1"})
	h.tells(&seen, "page - reset bad_link: no token of ours", "page budi reset invalid: password password_common")
	must[auth.Done](t)(h.Reset(ctx, page, auth.Reset{Token: tok, Password: goodPassword}))
	h.tells(&seen, "page budi reset ok")

	h.register("sari@example.com", "")
	mails := h.takeMails(mail.Confirm)
	must[auth.Confirmed](t)(h.Confirm(ctx, page, linkOf(t, mails[len(mails)-1])))
	must[auth.Done](t)(h.Forgot(ctx, page, auth.Forgot{Email: "sari@example.com", Confirm: true}))
	_, _ = h.Confirm(ctx, page, "x")
	_, _ = h.SignUp(ctx, caller(smart, home), auth.SignUp{Email: "new@example.com"})
	_, _ = h.SignUp(ctx, caller(snapotp, home), auth.SignUp{Email: "sari@example.com", Name: "S", Password: goodPassword})
	h.tells(&seen, "snapotp sari sign-up ok", "page sari confirm ok", "page sari confirm-asked no_mail: the address was confirmed before",
		"page - confirm bad_link: no token of ours", "smart - sign-up sign_up_closed: this dialect does not register accounts", "snapotp - sign-up taken: email taken")
}

func TestAuditOfSocial(t *testing.T) {
	t.Parallel()
	h, seen := newHouse(t, social(auth.SocialVerify, auth.SocialVerify)), uint64(0)
	must[*auth.Grant](t)(h.signInGoogle("g-1", "budi@gmail.com", ""))
	must[*auth.Grant](t)(h.signInGoogle("g-1", "budi@gmail.com", ""))
	h.tells(&seen, "snapotp budi sign-up ok: google", "snapotp budi sign-in ok: google")
	h.register("sari@gmail.com", "")
	must[*auth.Grant](t)(h.signInGoogle("g-2", "sari@gmail.com", ""))
	h.tells(&seen, "snapotp sari sign-up ok", "snapotp sari link ok: google", "snapotp sari sign-in ok: google")
	h.register("tuti@example.com", "")
	h.takeMails("")
	_, _ = h.signInGoogle("g-3", "tuti@example.com", "")
	h.tells(&seen, "snapotp tuti sign-up ok", "snapotp tuti link-asked ok", "snapotp tuti sign-in social_conflict: google: an account with this e-mail stands")
	must[auth.Confirmed](t)(h.Confirm(t.Context(), auth.Caller{}, linkOf(t, h.takeMails(mail.ConfirmLink)[0])))
	h.tells(&seen, "page tuti confirm ok", "page tuti link ok: google")
	_, _ = h.SignInGoogle(t.Context(), caller(snapotp, home), auth.SignInGoogle{GoogleID: "g", Email: "x@example.com", Name: "X", IDToken: "forged"})
	_, _ = h.SignInFacebook(t.Context(), caller(shoop, home), auth.SignInFacebook{Token: "forged", UserID: "f-1"})
	h.tells(&seen, "snapotp - sign-in social_refused: google: the claim was not believed", "shoop - sign-in social_refused: facebook: the claim was not believed")
	h.facebook["good"] = "f-9"
	h.add("dewi@example.com", auth.Edit{FacebookID: ptr("f-9")})
	must[*auth.Grant](t)(h.SignInFacebook(t.Context(), caller(shoop, home), auth.SignInFacebook{Token: "good", UserID: "f-9"}))
	h.tells(&seen, "operator dewi user-add ok", "shoop dewi sign-in ok: facebook")
}

func TestAuditOfOperators(t *testing.T) {
	t.Parallel()
	h, seen := newHouse(t), uint64(0)
	ctx := t.Context()
	h.company()
	h.tells(&seen, "operator - company-add ok", "operator - division-add ok", "operator - role-add ok")
	must[*auth.Organised](t)(h.op.RenameCompany(ctx, "PT Maju", "PT Mundur"))
	must[*auth.Organised](t)(h.op.RenameDivision(ctx, "PT Mundur", "Gudang", "Toko"))
	must[*auth.Organised](t)(h.op.RenameRole(ctx, "Kepala", "Wakil"))
	must[*auth.Organised](t)(h.op.DeleteRole(ctx, "Wakil"))
	_, _ = h.op.DeleteCompany(ctx, "PT Mundur") // which has a division
	must[*auth.Organised](t)(h.op.DeleteDivision(ctx, "PT Mundur", "Toko"))
	must[*auth.Organised](t)(h.op.DeleteCompany(ctx, "PT Mundur"))
	h.tells(&seen, "operator - company-set ok", "operator - division-set ok", "operator - role-set ok",
		"operator - role-delete ok", "operator - division-delete ok", "operator - company-delete ok")
	h.add("budi@example.com", auth.Edit{Username: ptr("budi")})
	must[*auth.User](t)(h.op.SetUser(ctx, "budi", auth.Edit{Phone: ptr("+62 811"), Name: ptr("Budi S.")}))
	h.check(h.op.SetPassword(ctx, "budi", goodPassword+"2", "en"))
	h.check(h.op.Disable(ctx, "budi"))
	h.check(h.op.Enable(ctx, "budi"))
	_, _ = h.op.SetUser(ctx, "nobody", auth.Edit{Phone: ptr("1")})
	_ = h.op.SetPassword(ctx, "budi", "short", "en")
	h.tells(&seen, "operator budi user-add ok", "operator budi user-set ok: Name, Phone", "operator budi user-passwd ok",
		"operator budi user-disable ok", "operator budi user-enable ok")
	must[*auth.Grant](t)(h.login(snapotp, "budi", goodPassword+"2", home))
	h.check(h.op.RevokeSession(ctx, must[[]auth.OpenSession](t)(h.op.Sessions("budi"))[0].ID))
	h.check(h.op.RevokeSessions(ctx, "budi"))
	must[string](t)(h.op.RotateKey(ctx))
	h.tells(&seen, "snapotp budi sign-in ok", "operator budi session-revoke ok", "operator budi session-revoke-all ok", "operator - key-rotate begun", "operator - key-rotate ok")
	rows := `{"email":"a@example.com","name":"A"}` + "\n" + `{"email":"b.example.com","name":"B"}`
	for _, dry := range []bool{true, false} {
		must[*auth.ImportReport](t)(h.op.Import(ctx, strings.NewReader(rows), auth.Import{Format: auth.ImportNDJSON, DryRun: dry}, func(auth.ImportNews) error { return nil }))
	}
	must[int](t)(h.op.Export(ctx, true, func(*auth.Exported) error { return nil }))
	must[int](t)(h.op.Export(ctx, false, func(*auth.Exported) error { return nil }))
	must[auth.Snapshot](t)(h.op.Backup(ctx, io.Discard))
	alone := h.op
	alone.Scheduled = true
	must[auth.Snapshot](t)(alone.Backup(ctx, io.Discard))
	must[int](t)(h.op.AuditExport(ctx, func(*auth.Audited) error { return nil }))
	h.tells(&seen, "operator - import begun", "operator - import ok: 1 imported, 0 there, 1 refused",
		"operator - export begun: with password hashes", "operator - export begun",
		"operator - backup begun", "operator - backup ok", "server - backup begun", "server - backup ok", "operator - audit-export begun")
	_, closed := io.Pipe()
	_ = closed.Close()
	_, _ = h.op.Backup(ctx, closed)
	_, _ = h.op.Import(ctx, strings.NewReader(`{"nothing":1}`), auth.Import{Format: auth.ImportNDJSON}, func(auth.ImportNews) error { return nil })
	h.tells(&seen, "operator - backup begun", "operator - backup broken_off", "operator - import begun", "operator - import broken_off: 0 imported, 0 there, 0 refused")
	if got := h.told(auth.AuditQuery{Event: "export", Outcome: "failed"}); len(got) > 0 {
		t.Errorf("what was begun counts as failed: %q", got)
	}
	h.check(h.op.Delete(ctx, "budi"))
	h.tells(&seen, "operator gone user-disable ok: to be deleted", "operator gone user-delete ok")
	if v := must[*auth.AuditVerified](t)(h.op.VerifyAudit(ctx, "")); len(v.Faults) > 0 || v.Entries != int(seen) || !v.Last.Equal(h.clock.Now()) {
		t.Errorf("%+v", v)
	}
}

// What was typed is found by its digest alone, whatever its spelling; a deleted
// account by its UUID, and by its name as it was typed.
func TestAuditQueries(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	h.register("budi@example.com", "budi")
	id := h.account("budi@example.com").UUID
	h.clock.add(time.Hour)
	_, _ = h.login(snapotp, "BUDI", "wrong", stranger)
	_, _ = h.login(snapotp, "Ghost@Example.com", "wrong", stranger)
	h.told(auth.AuditQuery{}) // failures are written later, or now
	h.clock.add(time.Hour)
	c := caller(shoop, "2001:db8::7")
	c.RequestID = uuid.NewString()
	must[*auth.Grant](t)(h.SignIn(ctx, c, auth.SignIn{Email: "budi@example.com", Password: goodPassword}))
	now := h.clock.Now()
	up, wrong, ghost, in := "snapotp budi sign-up ok", "snapotp budi sign-in wrong_password: wrong password",
		"snapotp - sign-in wrong_password: no such account", "shoop budi sign-in ok"
	for name, test := range map[string]struct {
		q    auth.AuditQuery
		want []string
	}{
		"all":               {auth.AuditQuery{}, []string{up, wrong, ghost, in}},
		"the last":          {auth.AuditQuery{Limit: 2}, []string{ghost, in}},
		"after":             {auth.AuditQuery{After: 3}, []string{in}},
		"after the last":    {auth.AuditQuery{After: 99}, nil},
		"by e-mail":         {auth.AuditQuery{User: "Budi@example.com"}, []string{up, wrong, in}},
		"by username":       {auth.AuditQuery{User: "budi"}, []string{up, wrong, in}},
		"by UUID":           {auth.AuditQuery{User: id.String()}, []string{up, wrong, in}},
		"by what was typed": {auth.AuditQuery{User: "ghost@example.com"}, []string{ghost}},
		"by nobody's name":  {auth.AuditQuery{User: "nobody"}, nil},
		"by event":          {auth.AuditQuery{Event: "sign-up"}, []string{up}},
		"by outcome":        {auth.AuditQuery{Outcome: "wrong_password"}, []string{wrong, ghost}},
		"what failed":       {auth.AuditQuery{Outcome: "failed", Limit: 1}, []string{ghost}},
		"what did not":      {auth.AuditQuery{Outcome: "ok"}, []string{up, in}},
		"by API":            {auth.AuditQuery{Dialect: "shoop"}, []string{in}},
		"by operators":      {auth.AuditQuery{Dialect: "operator"}, nil},
		"by address":        {auth.AuditQuery{Address: stranger}, []string{wrong, ghost}},
		"by network":        {auth.AuditQuery{Address: "2001:db8::/32"}, []string{in}},
		"since":             {auth.AuditQuery{Since: now.Add(-time.Hour)}, []string{wrong, ghost, in}},
		"until":             {auth.AuditQuery{Until: now.Add(-time.Hour)}, []string{up}},
		"several":           {auth.AuditQuery{User: "budi", Event: "sign-in", Outcome: "ok", Since: now}, []string{in}},
	} {
		if diff := cmp.Diff(test.want, h.told(test.q)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	last := must[*auth.AuditPage](t)(h.op.Audit(ctx, auth.AuditQuery{Limit: 1})).Entries[0]
	if last.Request != c.RequestID || last.Address != "2001:db8::7" || last.Account != id.String() || !last.Time.Equal(now) || last.Seq != 4 {
		t.Errorf("%+v", last)
	}
	for _, q := range []auth.AuditQuery{{Event: "x"}, {Limit: auth.MostAudited + 1}, {Limit: -1}, {Dialect: "x"}, {Address: "x"}} {
		_, err := h.op.Audit(ctx, q)
		wantKind(t, err, auth.Invalid)
	}
	h.check(h.op.Delete(ctx, "budi"))
	if got := h.told(auth.AuditQuery{User: id.String(), Event: "sign-in"}); len(got) != 2 {
		t.Errorf("of a deleted account: %q", got)
	}
	if got := h.told(auth.AuditQuery{User: "budi", Event: "sign-in"}); len(got) != 1 {
		t.Errorf("by the name of a deleted account: %q", got)
	}
}

// The list goes on beyond what is read at once.
func TestAuditPages(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *auth.Config) { c.AuditMost = 5000 })
	const all = 2100
	for n := 0; n < all; n += 70 {
		err := h.Store.Update(t.Context(), func(tx db.Tx) error {
			for i := range 70 {
				if err := tx.Audit(&db.AuditEntry{At: db.At(h.clock.Now()), Event: "sign-in", Outcome: fmt.Sprint((n + i) % 3), Dialect: "smart"}); err != nil {
					return err
				}
			}
			return nil
		})
		h.check(err)
	}
	for limit, want := range map[int]int{0: all / 3, 650: 650, 5: 5} {
		page := must[*auth.AuditPage](t)(h.op.Audit(t.Context(), auth.AuditQuery{Outcome: "2", Limit: limit}))
		if n := len(page.Entries); n != want || page.Entries[n-1].Seq != all || page.Entries[0].Seq != uint64(all-3*(want-1)) {
			t.Errorf("limit %d: %d entries, from %d to %d", limit, n, page.Entries[0].Seq, page.Entries[n-1].Seq)
		}
	}
	next := uint64(1)
	must[int](t)(h.op.AuditExport(t.Context(), func(e *auth.Audited) error {
		if e.Seq != next {
			return fmt.Errorf("%d comes where %d should", e.Seq, next)
		}
		next++
		return nil
	}))
	if next != all+2 { // and itself
		t.Errorf("%d entries", next-1)
	}
}
