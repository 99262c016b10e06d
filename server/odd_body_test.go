package server_test

import (
	"fmt"
	"strings"
	"testing"
)

// repeat writes n things, each with its number.
func repeat(n int, format, between string) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(between)
		}
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// oddParts are n fields of a multipart body.
func oddParts(n int, last string) string {
	const head = "--b\r\nContent-Disposition: form-data; name="
	return repeat(n, head+"\"x%d\"\r\n\r\n\r\n", "") + head + last + "--b--\r\n"
}

// Bodies made to be costly or to mean two things, within 64 KiB, each on the
// route whose answer it should change: GOOD are members that sign in.
func TestOddBodies(t *testing.T) {
	t.Parallel()
	a := start(t)
	people(t, a)
	const multipart = "multipart/form-data; boundary=b"
	for name, c := range map[string]struct {
		path, media, body string
		status            int
	}{
		"30,000 arrays":              {"/api/v1/login", jsonType, `{"a": ` + strings.Repeat("[", 30_000) + strings.Repeat("]", 30_000) + `, GOOD}`, 400},
		"30,000 arrays, open":        {"/api/v1/login", jsonType, `{GOOD, "a": ` + strings.Repeat("[", 30_000), 400},
		"10,000 objects":             {"/api/v1/login", jsonType, `{"a": ` + strings.Repeat(`{"":`, 10_000) + "0" + strings.Repeat("}", 10_000) + `, GOOD}`, 400},
		"9,000 arrays":               {"/api/v1/login", jsonType, `{"a": ` + strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000) + `, GOOD}`, 200},
		"6,000 members":              {"/api/v1/login", jsonType, `{` + repeat(6_000, `"%d":0`, ",") + `, GOOD}`, 200},
		"6,000 members, one twice":   {"/api/v1/login", jsonType, `{` + repeat(6_000, `"%d":0`, ",") + `, "5999": 0, GOOD}`, 400},
		"a long name":                {"/api/v1/login", jsonType, `{"` + strings.Repeat("n", 60_000) + `": 0, GOOD}`, 200},
		"a long number":              {"/api/v1/login", jsonType, `{"a": ` + strings.Repeat("9", 60_000) + `, GOOD}`, 200},
		"a large exponent":           {"/api/v1/login", jsonType, `{"a": 1e999999999, GOOD}`, 200},
		"escapes alone":              {"/api/v1/login", jsonType, `{"a": "` + strings.Repeat(`\u0041`, 10_000) + `", GOOD}`, 200},
		"a lone surrogate in a pw":   {"/api/v1/login", jsonType, `{"email": "pwa@example.com", "password": "Benar-Sekali-1\ud800"}`, 400},
		"surrogates turned around":   {"/api/v1/login", jsonType, `{"\udc00\ud800": 0, GOOD}`, 400},
		"a lone one in a name":       {"/api/v1/login", jsonType, `{"\ud800": 0, GOOD}`, 400},
		"PASSWORD for password":      {"/api/v1/login", jsonType, `{"email": "pwa@example.com", "PASSWORD": "` + secret + `"}`, 400},
		"a folded name beside":       {"/api/v1/login", jsonType, `{"pa\u017f\u017fword": "x", "Email": "x", "E-MAIL": 1, GOOD}`, 200},
		"a folded name in its place": {"/api/v1/login", jsonType, `{"email": "pwa@example.com", "pa\u017f\u017fword": "` + secret + `"}`, 400},
		"a name with a NUL behind":   {"/api/v1/login", jsonType, `{"email": "pwa@example.com", "password\u0000": "` + secret + `"}`, 400},
		"UTF-16":                     {"/api/v1/login", jsonType, "\xff\xfe{\x00}\x00", 400},
		"a charset that lies":        {"/api/v1/login", jsonType + "; charset=utf-16", `{GOOD}`, 200},
		"JSON lines":                 {"/api/v1/login", jsonType, "{GOOD}\n{GOOD}\n", 400},

		"6,000 fields":            {"/api/v2/auth/login", formType, repeat(6_000, "x%d=", "&") + "&FORM", 200},
		"30,000 separators":       {"/api/v2/auth/login", formType, strings.Repeat("&", 30_000) + "FORM", 400},
		"a field twice":           {"/api/v2/auth/login", formType, "FORM&password=x", 400},
		"a field twice, encoded":  {"/api/v2/auth/login", formType, "FORM&%70assword=x", 400},
		"semicolons":              {"/api/v2/auth/login", formType, "FORM;x=y", 400},
		"a folded field beside":   {"/api/v2/auth/login", formType, "FORM&PASSWORD=x&pa%C5%BF%C5%BFword=x&Email=x", 200},
		"a folded field in place": {"/api/v2/auth/login", formType, "email=shoop@example.com&PASSWORD=" + secret, 400},
		"bad UTF-8 in a field":    {"/api/v2/auth/login", formType, "FORM&x=%ff", 400},
		"an escape broken off":    {"/api/v2/auth/login", formType, "FORM&x=%f", 400},

		"98 parts":               {"/api/v2/auth/login", multipart, oddParts(96, "email\r\n\r\nshoop@example.com\r\n--b\r\nContent-Disposition: form-data; name=password\r\n\r\n"+secret+"\r\n"), 200},
		"101 parts":              {"/api/v2/auth/login", multipart, oddParts(100, "email\r\n\r\nshoop@example.com\r\n"), 400},
		"a header without end":   {"/api/v2/auth/login", multipart, "--b\r\nX: " + strings.Repeat("x", 60_000), 400},
		"10,000 part headers":    {"/api/v2/auth/login", multipart, "--b\r\n" + strings.Repeat("X: \r\n", 10_000) + "\r\n\r\n--b--\r\n", 400},
		"boundaries alone":       {"/api/v2/auth/login", multipart, strings.Repeat("--b\r\n", 10_000), 400},
		"a boundary too long":    {"/api/v2/auth/login", "multipart/form-data; boundary=" + strings.Repeat("b", 8_000), "--b--\r\n", 400},
		"a boundary of nothing":  {"/api/v2/auth/login", `multipart/form-data; boundary=""`, "----\r\n", 400},
		"two boundaries":         {"/api/v2/auth/login", "multipart/form-data; boundary=b; boundary=c", "--b--\r\n", 415},
		"a parameter continued":  {"/api/v2/auth/login", "multipart/form-data; boundary*0=b; boundary*1=c", "--bc--\r\n", 400},
		"a name in another code": {"/api/v2/auth/login", multipart, "--b\r\nContent-Disposition: form-data; name*=utf-8''email\r\n\r\nshoop@example.com\r\n--b--\r\n", 400},
	} {
		body := strings.NewReplacer("GOOD", jsonLogins["/api/v1/login"], "FORM", "email=shoop@example.com&password="+secret).Replace(c.body)
		if len(body) > 64<<10 {
			t.Fatalf("%s: %d bytes", name, len(body))
		}
		got := a.do(t, post(c.path, c.media, body))
		if got.status != c.status {
			t.Errorf("%s: %d, not %d: %s", name, got.status, c.status, got.body)
		}
		discreet(t, name, got)
	}
}

// Paths of pages and fixed routes match as they are written, like those of the
// dialects: no spelling but the one leads anywhere.
func TestOddPaths(t *testing.T) {
	t.Parallel()
	a := start(t, func(s *setup) { s.server.IntrospectSecret = "of-the-services-1" })
	for _, path := range []string{"/healthz", "/readyz", "/.well-known/paseto-keys", "/introspect", "/reset-password", "/confirm", "/api/v1/login"} {
		name := path[1:]
		for _, odd := range []string{
			path + "/", "/" + path, path + "//", path + "/.", path + "/..", "/." + path, "/x/.." + path, "/.." + path, path + "/../" + name, "/%2e" + path, "/%2E%2E" + path,
			"/%2F" + name, path + "%2F", path + "%2f", path + "%20", path + "%00", path + "%3F", path + ";", path + ".", path + "\\", "/\\" + name, "/" + strings.ToUpper(name),
			fmt.Sprintf("/%%%02x%s", name[0], name[1:]), path + ".json", path + "~",
		} {
			for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS"} {
				got := a.do(t, request{method: method, path: odd})
				if got.status != 404 {
					t.Errorf("%s %s: %d", method, odd, got.status)
				}
				discreet(t, method+" "+odd, got)
			}
		}
	}
}
