package auth_test

import (
	"testing"

	"kunci/server/auth"
)

// The demo accounts are those of CONTRACT 7, in its order.
func TestDemos(t *testing.T) {
	t.Parallel()
	h := newHouse(t, social(auth.SocialTrust, auth.SocialTrust), func(c *auth.Config) {
		c.AllowCommon, c.Admit = true, []string{"snapotp", "shoop", "smart", "pwa"}
	})
	h.check(h.op.MakeDemos(t.Context()))
	audiences := map[string]*auth.Audience{"snapotp": snapotp, "smart": smart, "shoop": shoop, "dashboard": dashboard, "pwa": pwa}
	want := []auth.User{
		{Email: "john@example.com", Username: "johndoe", Name: "John Doe", CreditBalance: 5000, GoogleID: "google_user_id"},
		{Email: "email@pmpsmart.com", Name: "Pengguna Smart"},
		{Email: "shcode@shoop.dev", Name: "shcode", IDLocation: "7", Phone: "082232856363", WeakPassword: true},
		{Email: "User-dashboard@mail.com", Name: "userDashboard", Phone: "+6282100000001", Company: "PT Company", Division: "Marcom", Role: "Operator"},
		{Email: "pwa-user@mail.com", Name: "userTest", Phone: "+62081945800005"},
	}
	passwords := []string{"secret123", "rahasia-smart", "rahasia", "Tes12345!", "Tes12345!"}
	demos := auth.Demos()
	if len(demos) != len(want) {
		t.Fatalf("%d demos, want %d", len(demos), len(want))
	}
	for i, w := range want {
		got := *must[*auth.User](t)(h.op.User(w.Email))
		w.ID, w.RoleID, w.EmailVerified, w.PasswordFamily = uint64(i+1), 3, true, "argon2id"
		w.UUID, w.CustomerID, w.Created, w.Updated = got.UUID, got.UUID, got.Created, got.Updated
		if got != w {
			t.Errorf("demo %d is\n%+v, want\n%+v", i+1, got, w)
		}
		d := demos[i]
		if d.Email != w.Email || d.Username != w.Username || d.Password != passwords[i] {
			t.Errorf("demo %d is listed as %s, %s, %s", i+1, d.Email, d.Username, d.Password)
		}
		g := must[*auth.Grant](t)(h.login(audiences[d.Dialect], d.Email, passwords[i], home))
		if g.ID != uint64(i+1) {
			t.Errorf("%s signs in as %d", d.Email, g.ID)
		}
	}
	must[*auth.Grant](t)(h.login(snapotp, "johndoe", "secret123", home))
	g := must[*auth.Grant](t)(h.SignInGoogle(t.Context(), caller(snapotp, home), auth.SignInGoogle{GoogleID: "google_user_id", Email: "john@example.com", Name: "John Doe"}))
	if g.ID != 1 || g.Created {
		t.Errorf("the document's Google sample signs in as %+v", g)
	}
	if n := len(h.mails()); n != 0 {
		t.Errorf("%d mails for demo accounts", n)
	}
}
