package auth_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"kunci/db"
	"kunci/mail"
	"kunci/server/auth"
)

func TestSignUpMakesAccount(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	in := auth.SignUp{
		Email: "Budi@Example.com", Username: "Budi.S", Password: goodPassword, Name: "Budi Santoso", Phone: "0812",
		IDLocation: "7", Longitude: "106.8", Latitude: "-6.2", Avatar: "a/b.png", GCMID: "gcm",
	}
	g := must[*auth.Grant](t)(h.SignUp(t.Context(), caller(snapotp, home), in))
	if !g.Created || g.ID != 1 || g.RoleID != 3 || g.CreditBalance != 0 || g.Email != in.Email || g.Username != in.Username {
		t.Errorf("grant %+v", g)
	}
	if g.CompanyID() != db.NoCompany.String() || g.Member || g.CustomerID != g.UUID || uuid.Validate(g.UUID) != nil {
		t.Errorf("company %s, member %v, customer %s, uuid %s", g.CompanyID(), g.Member, g.CustomerID, g.UUID)
	}
	if want := h.clock.Now().Add(h.SessionLifetime); !g.Expires.Equal(want) {
		t.Errorf("expires %v, want %v", g.Expires, want)
	}
	if !h.stands(g.Token) {
		t.Error("the new account is not signed in")
	}
	a := h.account("budi@example.COM")
	if a.EmailVerified || !a.SelfRegistered || a.WeakPassword || a.Disabled || a.PasswordHash == "" {
		t.Errorf("stored account %+v", a)
	}
	if a.Phone != in.Phone || a.IDLocation != in.IDLocation || a.Longitude != in.Longitude || a.Latitude != in.Latitude ||
		a.Avatar != in.Avatar || a.GCMID != in.GCMID || a.Name != in.Name {
		t.Errorf("stored fields %+v", a)
	}
	mails := h.takeMails(mail.Confirm)
	if len(mails) != 1 || mails[0].Message.To != "Budi@Example.com" || mails[0].Message.Lang != "en" {
		t.Errorf("confirmation mails %+v", mails)
	}
}

func TestSignUpFields(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	long := func(n int) string { return strings.Repeat("é", n) }
	for name, test := range map[string]struct {
		change        func(*auth.SignUp)
		field, reason string
	}{
		"no e-mail":            {func(in *auth.SignUp) { in.Email = "" }, "email", "required"},
		"short e-mail":         {func(in *auth.SignUp) { in.Email = "a@b" }, "email", "too_short"},
		"long e-mail":          {func(in *auth.SignUp) { in.Email = "a@" + strings.Repeat("b.", 99) + "c" }, "email", "too_long"},
		"display name":         {func(in *auth.SignUp) { in.Email = "Budi <budi@example.com>" }, "email", "not_email"},
		"comment":              {func(in *auth.SignUp) { in.Email = "budi@example.com(x)" }, "email", "not_email"},
		"two e-mails":          {func(in *auth.SignUp) { in.Email = "a@example.com,b@example.com" }, "email", "not_email"},
		"e-mail not ASCII":     {func(in *auth.SignUp) { in.Email = "büdi@example.com" }, "email", "not_email"},
		"line in e-mail":       {func(in *auth.SignUp) { in.Email = "budi@example.com\r\nBcc: x@y.z" }, "email", "not_email"},
		"quoted e-mail":        {func(in *auth.SignUp) { in.Email = `"a b"@example.com` }, "email", "not_email"},
		"literal domain":       {func(in *auth.SignUp) { in.Email = "budi@[127.0.0.1]" }, "email", "not_email"},
		"hyphen at label":      {func(in *auth.SignUp) { in.Email = "budi@-example.com" }, "email", "not_email"},
		"long local part":      {func(in *auth.SignUp) { in.Email = strings.Repeat("a", 65) + "@example.com" }, "email", "not_email"},
		"long label":           {func(in *auth.SignUp) { in.Email = "a@" + strings.Repeat("b", 64) + ".com" }, "email", "not_email"},
		"short username":       {func(in *auth.SignUp) { in.Username = "ab" }, "username", "too_short"},
		"long username":        {func(in *auth.SignUp) { in.Username = strings.Repeat("a", 33) }, "username", "too_long"},
		"username with @":      {func(in *auth.SignUp) { in.Username = "budi@home" }, "username", "not_username"},
		"username with dot":    {func(in *auth.SignUp) { in.Username = ".budi" }, "username", "not_username"},
		"username with space":  {func(in *auth.SignUp) { in.Username = "bu di" }, "username", "not_username"},
		"no password":          {func(in *auth.SignUp) { in.Password = "" }, "password", "required"},
		"short password":       {func(in *auth.SignUp) { in.Password = "xK9#mq2" }, "password", "too_short"},
		"long password":        {func(in *auth.SignUp) { in.Password = long(201) }, "password", "too_long"},
		"control in password":  {func(in *auth.SignUp) { in.Password = "xK9#mq2\x00lang" }, "password", "control"},
		"bytes as password":    {func(in *auth.SignUp) { in.Password = "xK9#mq2\xfflang" }, "password", "control"},
		"common password":      {func(in *auth.SignUp) { in.Password = "password123" }, "password", "password_common"},
		"e-mail as password":   {func(in *auth.SignUp) { in.Password = "BUDI@example.com" }, "password", "password_own"},
		"name as password":     {func(in *auth.SignUp) { in.Password = "budi santoso" }, "password", "password_own"},
		"username as password": {func(in *auth.SignUp) { in.Username, in.Password = "budisantoso7", "BudiSantoso7" }, "password", "password_own"},
		"no name":              {func(in *auth.SignUp) { in.Name = " \t" }, "name", "required"},
		"long name":            {func(in *auth.SignUp) { in.Name = long(201) }, "name", "too_long"},
		"control in name":      {func(in *auth.SignUp) { in.Name = "Budi\nSantoso" }, "name", "control"},
		"turned name":          {func(in *auth.SignUp) { in.Name = "Budi\u202eosotnaS" }, "name", "control"},
		"long phone":           {func(in *auth.SignUp) { in.Phone = long(33) }, "phone", "too_long"},
		"long location":        {func(in *auth.SignUp) { in.IDLocation = long(65) }, "id_location", "too_long"},
		"longitude":            {func(in *auth.SignUp) { in.Longitude = "180.1" }, "longitude", "not_number"},
		"latitude":             {func(in *auth.SignUp) { in.Latitude = "-90.5" }, "latitude", "not_number"},
		"latitude NaN":         {func(in *auth.SignUp) { in.Latitude = "NaN" }, "latitude", "not_number"},
		"long avatar":          {func(in *auth.SignUp) { in.Avatar = long(501) }, "avatar", "too_long"},
		"long gcm_id":          {func(in *auth.SignUp) { in.GCMID = long(501) }, "gcm_id", "too_long"},
		"long fb_token":        {func(in *auth.SignUp) { in.FBToken = long(2049) }, "fb_token", "too_long"},
	} {
		t.Run(name, func(t *testing.T) {
			in := auth.SignUp{Email: "budi@example.com", Password: goodPassword, Name: "Budi Santoso"}
			test.change(&in)
			_, err := h.SignUp(t.Context(), caller(snapotp, home), in)
			e := wantKind(t, err, auth.Invalid)
			if len(e.Fields) != 1 || e.Fields[0].Name != test.field || e.Fields[0].Reason != test.reason {
				t.Errorf("fields %+v, want %s: %s", e.Fields, test.field, test.reason)
			}
			if in.Password != "" && strings.Contains(err.Error(), in.Password) {
				t.Error("the error holds the password")
			}
		})
	}
	g := must[*auth.Grant](t)(h.SignUp(t.Context(), caller(snapotp, home), auth.SignUp{
		Email: "budi@example.com", Username: strings.Repeat("b", 32), Password: long(200), Name: strings.Repeat("ö", 200), Phone: long(32), IDLocation: long(64),
		Longitude: "-180", Latitude: "90", Avatar: long(500), GCMID: long(500), FBToken: long(2048),
	}))
	if g.ID != 1 {
		t.Errorf("id %d: a refused sign-up spent one", g.ID)
	}
	if _, err := h.login(snapotp, "budi@example.com", long(199), home); err == nil {
		t.Error("the end of a long password does not count")
	}
}

func TestSignUpTaken(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.register("budi@example.com", "Budi")
	for name, test := range map[string]struct {
		email, username string
		fields          []string
	}{
		"e-mail":        {"BUDI@example.COM", "", []string{"email"}},
		"username":      {"other@example.com", "bUDI", []string{"username"}},
		"wide username": {"other@example.com", "ＢＵＤＩ", []string{"username"}},
		"both":          {"budi@EXAMPLE.com", "budi", []string{"email", "username"}},
	} {
		_, err := h.SignUp(t.Context(), caller(snapotp, home), auth.SignUp{Email: test.email, Username: test.username, Password: goodPassword, Name: "Other"})
		e := wantKind(t, err, auth.Taken)
		var got []string
		for _, f := range e.Fields {
			got = append(got, f.Name)
		}
		if strings.Join(got, " ") != strings.Join(test.fields, " ") {
			t.Errorf("%s: taken %v, want %v", name, got, test.fields)
		}
	}
	if g := h.register("sari@example.com", ""); g.ID != 2 {
		t.Errorf("id %d, want 2", g.ID)
	}
	h.register("tono@example.com", "") // no username is no username that is taken
}

func TestSignUpAtOnceMakesOne(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	errs := atOnce(20, func(int) error {
		_, err := h.SignUp(t.Context(), caller(shoop, home), auth.SignUp{Email: "budi@example.com", Password: goodPassword, Name: "Budi"})
		return err
	})
	made := 0
	for _, err := range errs {
		if err == nil {
			made++
			continue
		}
		wantKind(t, err, auth.Taken)
	}
	if made != 1 {
		t.Errorf("%d accounts were made, want 1", made)
	}
	if g := h.register("sari@example.com", ""); g.ID != 2 {
		t.Errorf("the next id is %d, want 2", g.ID)
	}
}

func TestSignUpWeakPassword(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	up := func(a *auth.Audience, email, pw string) error {
		_, err := h.SignUp(t.Context(), caller(a, home), auth.SignUp{Email: email, Password: pw, Name: "Budi"})
		return err
	}
	if err := up(shoop, "seven@example.com", "xK9#mq2"); err != nil {
		t.Fatal(err)
	}
	if err := up(shoop, "eight@example.com", "xK9#mq2v"); err != nil {
		t.Fatal(err)
	}
	wantKind(t, up(shoop, "six@example.com", "xK9#mq"), auth.Invalid)
	if !h.account("seven@example.com").WeakPassword || h.account("eight@example.com").WeakPassword {
		t.Error("a password of 7 characters marks the account as weak, one of 8 does not")
	}
	tok := h.resetLink("seven@example.com")
	must[auth.Done](t)(h.Reset(t.Context(), caller(shoop, home), auth.Reset{Token: tok, Password: goodPassword}))
	if h.account("seven@example.com").WeakPassword {
		t.Error("still marked weak after a reset")
	}
}

func TestSignUpClosed(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *auth.Config) { c.Registers = []string{"shoop", "smart"}; c.AllowCommon = true })
	in := auth.SignUp{Email: "budi@example.com", Password: "password123", Name: "Budi"}
	_, err := h.SignUp(t.Context(), caller(snapotp, home), in)
	wantKind(t, err, auth.NotAdmitted)
	_, err = h.SignUp(t.Context(), caller(smart, home), in) // registers there, but is not admitted
	wantKind(t, err, auth.NotAdmitted)
	if g := must[*auth.Grant](t)(h.SignUp(t.Context(), caller(shoop, home), in)); g.ID != 1 {
		t.Errorf("id %d: a closed sign-up made an account", g.ID)
	}
}
