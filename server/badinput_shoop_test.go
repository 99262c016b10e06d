package server_test

import (
	"strings"
	"testing"
)

const (
	shoopLogin    = "/api/v2/auth/login"
	shoopRegister = "/api/v2/auth/register"
)

// parts is a multipart form with boundary b.
func parts(all ...string) string {
	return "--b\r\n" + strings.Join(all, "\r\n--b\r\n") + "\r\n--b--\r\n"
}

func part(name, value string) string {
	return "Content-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value
}

func TestForms(t *testing.T) {
	t.Parallel()
	a := start(t)
	people(t, a)
	const multi = "multipart/form-data; boundary=b"
	good := "email=shoop@example.com&password=" + secret
	email, pass := part("email", "shoop@example.com"), part("password", secret)
	for name, c := range map[string]struct {
		media, body string
		want        int
	}{
		"a form":                  {formType, good, 200},
		"unknown members":         {formType, good + "&a=1&EMAIL=x", 200},
		"an empty unknown member": {formType, good + "&&a", 200},
		"a member twice":          {formType, good + "&email=shoop@example.com", 400},
		"an unknown member twice": {formType, good + "&a=1&a=1", 400},
		"a bad escape":            {formType, good + "&a=%zz", 400},
		"bad UTF-8":               {formType, good + "&a=%ff", 400},
		"bad UTF-8 in a name":     {formType, good + "&%ff=a", 400},
		"a semicolon":             {formType, good + ";a=1", 400},
		"a NUL":                   {formType, good + "&gcm_id=%00", 400},
		"both pairs":              {formType, good + "&fb_token=t&fb_uid=u", 400},
		"half of the other pair":  {formType, good + "&fb_uid=u", 400},
		"empty other pair":        {formType, good + "&fb_uid=&fb_token=", 200},
		"a folded name":           {formType, strings.Replace(good, "email", "EMAIL", 1), 400},
		"multipart":               {multi, parts(email, pass), 200},
		"multipart, twice":        {multi, parts(email, pass, pass), 400},
		"multipart, a file":       {multi, parts(email, strings.Replace(pass, "\r\n", "; filename=\"p\"\r\n", 1)), 400},
		"multipart, base64":       {multi, parts(email, "Content-Transfer-Encoding: base64\r\n"+pass), 400},
		"multipart, bad UTF-8":    {multi, parts(email, pass, part("a", "\xff")), 400},
		"multipart, broken off":   {multi, strings.TrimSuffix(parts(email, pass), "--b--\r\n"), 400},
		"multipart, no boundary":  {"multipart/form-data", parts(email, pass), 400},
		"multipart, 101 parts":    {multi, parts(append([]string{email, pass}, strings.Split(strings.Repeat(part("x", "")+"|", 99), "|")[:99]...)...), 400},
	} {
		if got := a.do(t, post(shoopLogin, c.media, c.body)); got.status != c.want {
			t.Errorf("%s: %d, not %d: %s", name, got.status, c.want, got.body)
		}
	}
}

func TestShoopRegistration(t *testing.T) {
	t.Parallel()
	a := start(t)
	full := map[string]any{
		"email": "toko@example.com", "password": "ra7-sia", "name": "Toko", "id_location": "7", "phone": "0812", "gcm_id": "g",
		"longitude": "106.8", "latitude": "-6.2", "avatar": "a/b.png", "show_phone": "1", "address": "Jl. X",
	}
	e := endpoint{path: shoopRegister, form: true, fields: full}
	for field, value := range map[string]string{
		"password": "ra7-si", "phone": strings.Repeat("1", 33), "id_location": strings.Repeat("1", 65), "gcm_id": strings.Repeat("g", 501),
		"avatar": strings.Repeat("a", 501), "longitude": "180.1", "latitude": "north", "name": "a\x00b", "email": "toko",
	} {
		got := a.do(t, e.request(map[string]any{field: value}))
		if said, _ := got.at("error").(string); got.status != 400 || !strings.HasPrefix(said, field+": ") {
			t.Errorf("%s %q: %d %s", field, value, got.status, got.body)
		}
	}
	a.want(t, 200, e.request(nil))
	u, err := a.op.User("toko@example.com")
	must(t, err)
	if !u.WeakPassword || !u.SelfRegistered || u.EmailVerified || u.RoleID != 3 || u.CreditBalance != 0 {
		t.Errorf("the account: %+v", u)
	}
	for _, pair := range [][2]string{{u.Phone, "0812"}, {u.GCMID, "g"}, {u.Longitude, "106.8"}, {u.Latitude, "-6.2"}, {u.Avatar, "a/b.png"}, {u.IDLocation, "7"}} {
		diff(t, "a field", pair[1], pair[0])
	}
	a.want(t, 200, postForm(shoopLogin, map[string]any{"email": "TOKO@example.com", "password": "ra7-sia", "gcm_id": "h"}))
	u, err = a.op.User("toko@example.com")
	must(t, err)
	diff(t, "gcm_id after the login", "h", u.GCMID)
}

// Browsers send forms anywhere without asking first: a page of a site that is
// not listed must not spend its visitors' tries, or sign them up. Apps, which
// have no site, and pages of our own origin are served.
func TestFormsFromOtherSites(t *testing.T) {
	t.Parallel()
	a := start(t, func(s *setup) { s.server.CORSOrigins = []string{"https://app.example"} })
	people(t, a)
	good := post(shoopLogin, formType, "email=shoop@example.com&password="+secret)
	for name, c := range map[string]struct {
		headers []string
		want    int
	}{
		"an app":                    {nil, 200},
		"a listed origin":           {[]string{"Origin: https://app.example", "Sec-Fetch-Site: cross-site"}, 200},
		"the public URL":            {[]string{"Origin: " + publicURL}, 200},
		"our own name":              {[]string{"Origin: http://client.example", "Sec-Fetch-Site: same-origin"}, 200},
		"a page in an app":          {[]string{"Origin: file://", "Sec-Fetch-Site: cross-site"}, 200},
		"another site":              {[]string{"Origin: https://evil.example"}, 403},
		"a sandboxed frame":         {[]string{"Origin: null", "Sec-Fetch-Site: cross-site"}, 403},
		"an origin that was hidden": {[]string{"Sec-Fetch-Site: cross-site"}, 403},
	} {
		r := good
		for _, h := range c.headers {
			r = r.with(h)
		}
		if got := a.do(t, r); got.status != c.want {
			t.Errorf("%s: %d, not %d: %s", name, got.status, c.want, got.body)
		}
	}
	before := a.dump(t)
	a.want(t, 403, post(shoopRegister, formType, "email=new@example.com&password="+secret+"&name=N&id_location=1").with("Origin: https://evil.example"))
	diff(t, "the store", before, a.dump(t))
}
