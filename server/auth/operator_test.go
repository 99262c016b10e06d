package auth_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kunci/db"
	"kunci/mail"
	"kunci/server/auth"
)

func TestAddUser(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	edit := h.company()
	edit.Username, edit.CreditBalance, edit.RoleID, edit.Phone = ptr("Siti"), ptr[int64](-5), ptr[int64](9), ptr("0812")
	edit.GoogleID, edit.FacebookID = ptr("g-1"), ptr("f-1")
	u := h.add("Siti@Example.com", edit)
	if u.ID != 1 || u.Email != "Siti@Example.com" || u.CreditBalance != -5 || u.RoleID != 9 || u.SelfRegistered || u.EmailVerified ||
		u.Company != "PT Maju" || u.Division != "Gudang" || u.Role != "Kepala" || u.PasswordFamily != "argon2id" || u.GoogleID != "g-1" {
		t.Errorf("user %+v", u)
	}
	for _, who := range []string{"siti@example.com", "SITI", u.UUID, "1", strings.ReplaceAll(u.UUID, "-", "")} {
		if got := must[*auth.User](t)(h.op.User(who)); got.ID != 1 {
			t.Errorf("%s: %+v", who, got)
		}
	}
	for _, who := range []string{"", "2", "nobody", "nobody@example.com", "00000000-0000-4000-8000-000000000000"} {
		_, err := h.op.User(who)
		wantKind(t, err, auth.NotFound)
	}
	if n := len(h.mails()); n != 0 {
		t.Errorf("%d mails for an account that an operator made", n)
	}
}

func TestAddUserRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	member := h.company()
	h.add("siti@example.com", auth.Edit{Username: ptr("siti"), GoogleID: ptr("g-1"), FacebookID: ptr("f-1")})
	for name, test := range map[string]struct {
		edit auth.Edit
		pw   string
		kind auth.Kind
		want string // the field at fault
	}{
		"no e-mail":        {auth.Edit{Name: ptr("B")}, goodPassword, auth.Invalid, "email"},
		"no name":          {auth.Edit{Email: ptr("b@example.com")}, goodPassword, auth.Invalid, "name"},
		"e-mail taken":     {auth.Edit{Email: ptr("SITI@example.com"), Name: ptr("B")}, goodPassword, auth.Taken, "email"},
		"username taken":   {auth.Edit{Email: ptr("b@example.com"), Name: ptr("B"), Username: ptr("SITI")}, goodPassword, auth.Taken, "username"},
		"google id taken":  {auth.Edit{Email: ptr("b@example.com"), Name: ptr("B"), GoogleID: ptr("g-1")}, goodPassword, auth.Taken, "google_id"},
		"facebook taken":   {auth.Edit{Email: ptr("b@example.com"), Name: ptr("B"), FacebookID: ptr("f-1")}, goodPassword, auth.Taken, "fb_uid"},
		"weak":             {auth.Edit{Email: ptr("b@example.com"), Name: ptr("B")}, "xK9#mq2", auth.Invalid, "password"},
		"common":           {auth.Edit{Email: ptr("b@example.com"), Name: ptr("B")}, "password123", auth.Invalid, "password"},
		"own name":         {auth.Edit{Email: ptr("b@example.com"), Name: ptr("Bambang Tri")}, "bambang tri", auth.Invalid, "password"},
		"member's classes": {with(member, "b@example.com"), "kopi susu pagi", auth.Invalid, "password"},
		"half a member":    {with(auth.Edit{Role: ptr("Kepala")}, "b@example.com"), goodPassword, auth.Invalid, ""},
		"no such company":  {with(auth.Edit{Company: ptr("X"), Division: ptr("Gudang"), Role: ptr("Kepala")}, "b@example.com"), goodPassword, auth.NotFound, ""},
		"no such role":     {with(auth.Edit{Company: ptr("PT Maju"), Division: ptr("Gudang"), Role: ptr("X")}, "b@example.com"), goodPassword, auth.NotFound, ""},
	} {
		_, err := h.op.AddUser(t.Context(), auth.NewUser{Edit: test.edit, Password: test.pw})
		e := wantKind(t, err, test.kind)
		if test.want != "" && (len(e.Fields) != 1 || e.Fields[0].Name != test.want) {
			t.Errorf("%s: fields %+v", name, e.Fields)
		}
	}
	if u := h.add("b@example.com", auth.Edit{}); u.ID != 2 {
		t.Errorf("id %d: a refused account spent one", u.ID)
	}
}

func with(e auth.Edit, email string) auth.Edit {
	e.Email, e.Name = &email, ptr("B")
	return e
}

func TestSetUser(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	g := h.register("budi@example.com", "budi")
	set := func(e auth.Edit) *auth.User {
		t.Helper()
		return must[*auth.User](t)(h.op.SetUser(t.Context(), "budi", e))
	}
	h.clock.add(time.Hour)
	u := set(auth.Edit{Name: ptr("Budi Baru"), Longitude: ptr("1.5"), SelfRegistered: ptr(false)})
	if u.Name != "Budi Baru" || u.Longitude != "1.5" || u.Username != "budi" || u.EmailVerified || u.SelfRegistered || !u.Updated.Equal(h.clock.Now()) || u.Updated.Equal(u.Created) {
		t.Errorf("user %+v", u)
	}
	if !h.stands(g.Token) {
		t.Error("an edit ended a session")
	}
	if u = set(auth.Edit{Email: ptr("new@example.com")}); u.EmailVerified {
		t.Error("nobody has proved the new address")
	}
	if u = set(auth.Edit{Email: ptr("third@example.com"), EmailVerified: ptr(true)}); !u.EmailVerified {
		t.Error("the operator's word on an address counts")
	}
	if _, err := h.login(snapotp, "budi@example.com", goodPassword, home); err == nil {
		t.Error("the old address signs in")
	}
	h.in(snapotp, "third@example.com")
	set(auth.Edit{Username: ptr("")})
	_, err := h.op.SetUser(t.Context(), "third@example.com", auth.Edit{})
	wantKind(t, err, auth.Invalid)
	_, err = h.op.SetUser(t.Context(), "budi", auth.Edit{Name: ptr("X")})
	wantKind(t, err, auth.NotFound)
	_, err = h.op.SetUser(t.Context(), "third@example.com", auth.Edit{Latitude: ptr("91")})
	wantKind(t, err, auth.Invalid)
	if h.register("budi@example.com", "budi").ID != 2 {
		t.Error("what was given up can't be taken")
	}
}

// What a token says, or was got by, does not outlive a change to it.
func TestEditsThatEndSessions(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		edit auth.Edit
		ends bool
	}{
		"a phone":               {auth.Edit{Phone: ptr("1")}, false},
		"the address":           {auth.Edit{Email: ptr("other@example.com")}, true},
		"the same address":      {auth.Edit{Email: ptr("budi@example.com")}, false},
		"verified by operator":  {auth.Edit{EmailVerified: ptr(true)}, true},
		"another role":          {auth.Edit{Role: ptr("Staf")}, true},
		"the same role":         {auth.Edit{Role: ptr("Kepala")}, false},
		"internal":              {auth.Edit{Internal: ptr(true)}, true},
		"membership taken away": {auth.Edit{NoMembership: true}, true},
	} {
		h := newHouse(t)
		h.company()
		must[*auth.Organised](t)(h.op.AddRole(t.Context(), "Staf", ""))
		h.register("budi@example.com", "budi")
		member := auth.Edit{Company: ptr("PT Maju"), Division: ptr("Gudang"), Role: ptr("Kepala")}
		must[*auth.User](t)(h.op.SetUser(t.Context(), "budi", member))
		g := h.in(snapotp, "budi@example.com")
		must[*auth.User](t)(h.op.SetUser(t.Context(), "budi", test.edit))
		if h.stands(g.Token) == test.ends {
			t.Errorf("%s: the session stands: %v", name, !test.ends)
		}
	}
}

// A username may look like another account's id: nobody is mistaken for another.
func TestUserNamedLikeAnID(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	victim := h.add("victim@example.com", auth.Edit{})
	hexID := strings.ReplaceAll(victim.UUID, "-", "")
	h.register("uuid@example.com", hexID)
	free := strings.Repeat("0123456789abcdef", 2)
	h.register("hex@example.com", free)
	h.register("digits@example.com", "1234")
	_, err := h.op.User(hexID)
	wantKind(t, err, auth.Invalid)
	wantKind(t, h.op.Delete(t.Context(), hexID), auth.Invalid)
	for who, email := range map[string]string{free: "hex@example.com", "1234": "digits@example.com", victim.UUID: "victim@example.com"} {
		if u := must[*auth.User](t)(h.op.User(who)); u.Email != email {
			t.Errorf("%s is taken for %s, want %s", who, u.Email, email)
		}
	}
}

func TestMembershipRules(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	member := h.company()
	ctx := t.Context()
	must[*auth.Organised](t)(h.op.AddCompany(ctx, "PT Lain", ""))
	other := must[*auth.Organised](t)(h.op.AddDivision(ctx, "pt lain", "Toko", ""))
	h.add("siti@example.com", auth.Edit{})
	set := func(e auth.Edit) error { _, err := h.op.SetUser(ctx, "siti@example.com", e); return err }

	wantKind(t, set(auth.Edit{Internal: ptr(true)}), auth.Invalid)
	h.check(set(member))
	h.check(set(auth.Edit{Internal: ptr(true)}))
	wantKind(t, set(auth.Edit{Company: ptr("PT Lain")}), auth.Invalid)
	wantKind(t, set(auth.Edit{Division: ptr("Toko")}), auth.NotFound)
	wantKind(t, set(auth.Edit{Division: &other.UUID}), auth.NotFound)
	h.check(set(auth.Edit{Company: ptr("PT Lain"), Division: &other.UUID}))
	u := must[*auth.User](t)(h.op.User("1"))
	if u.Company != "PT Lain" || u.Division != "Toko" || u.Role != "Kepala" || !u.Internal {
		t.Errorf("user %+v", u)
	}
	wantKind(t, h.op.SetPassword(ctx, "siti@example.com", "kopi susu pagi", "en"), auth.Invalid)
	h.check(set(auth.Edit{NoMembership: true}))
	h.check(set(auth.Edit{NoMembership: true}))
	if u = must[*auth.User](t)(h.op.User("1")); u.Company != "" || u.Internal {
		t.Errorf("after the membership ended: %+v", u)
	}
	_, err := h.login(dashboard, "siti@example.com", goodPassword, home)
	wantKind(t, err, auth.NotAdmitted)
	h.check(h.op.SetPassword(ctx, "siti@example.com", "kopi susu pagi", "en")) // no dashboard, no classes
}

func TestSetPassword(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.register("budi@example.com", "")
	h.takeMails("")
	wantKind(t, h.op.SetPassword(t.Context(), "budi@example.com", "budi santoso", "id"), auth.Invalid)
	wantKind(t, h.op.SetPassword(t.Context(), "nobody", newPassword, "id"), auth.NotFound)
	h.check(h.op.SetPassword(t.Context(), "budi@example.com", newPassword, "id"))
	must[*auth.Grant](t)(h.login(snapotp, "budi@example.com", newPassword, home))
	if mails := h.takeMails(mail.PasswordChanged); len(mails) != 1 || mails[0].Message.Lang != "id" {
		t.Errorf("notices %+v", mails)
	}
}

func TestUsersInOrder(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for i := range 12 {
		h.register(fmt.Sprintf("budi%d@example.com", 11-i), "")
	}
	h.check(h.op.Delete(t.Context(), "3"))
	var ids []uint64
	h.check(h.op.Users(0, func(u *auth.User, err error) bool {
		h.check(err)
		ids = append(ids, u.ID)
		return len(ids) < 10
	}))
	if got := fmt.Sprint(ids); got != "[1 2 4 5 6 7 8 9 10 11]" {
		t.Errorf("ids %s", got)
	}
	h.check(h.op.Users(11, func(u *auth.User, err error) bool {
		h.check(err)
		if id := must[string](t)(h.op.UUID(u.Email)); u.ID != 11 || id != u.UUID {
			t.Errorf("from 11 on: %+v, UUID %s", u, id)
		}
		return false
	}))
	_, err := h.op.UUID("nobody")
	wantKind(t, err, auth.NotFound)
	if faults := must[[]string](t)(h.op.Check(new(db.Progress))); len(faults) != 0 {
		t.Errorf("faults %v", faults)
	}
	h.check(h.Probe(t.Context()))
}
