package server_test

import (
	"strings"
	"testing"
)

// unreadable are bodies that no JSON dialect reads: not one object, or two
// readers could take it for two things. The good request around them would
// sign in.
var unreadable = map[string]string{
	"nothing":                    ``,
	"an array":                   `[]`,
	"an array with the object":   `[{GOOD}]`,
	"a string":                   `"x"`,
	"null":                       `null`,
	"broken off":                 `{GOOD`,
	"a comma too many":           `{GOOD,}`,
	"two objects":                `{GOOD}{GOOD}`,
	"trailing data":              `{GOOD} x`,
	"a byte order mark":          "\ufeff{GOOD}",
	"a comment":                  `{GOOD/* */}`,
	"single quotes":              `{'a': 1, GOOD}`,
	"a known member twice":       `{GOOD, GOOD}`,
	"a member twice in disguise": `{"\u0070assword": "x", GOOD}`,
	"an unknown member twice":    `{"a": 1, "a": 1, GOOD}`,
	"a nested member twice":      `{"a": {"b": {"c": 1, "c": 2}}, GOOD}`,
	"twice inside an array":      `{"a": [{"c": 1, "c": 2}], GOOD}`,
	"bad UTF-8 in a value":       "{\"a\": \"\xff\", GOOD}",
	"bad UTF-8 in a name":        "{\"\xff\": 1, GOOD}",
	"an overlong NUL":            "{\"a\": \"\xc0\x80\", GOOD}",
	"a lone high surrogate":      `{"a": "\ud83d", GOOD}`,
	"a lone low surrogate":       `{"a": "\ude00x", GOOD}`,
	"an encoded surrogate":       "{\"a\": \"\xed\xa0\x80\", GOOD}",
	"a raw line break":           "{\"a\": \"\n\", GOOD}",
	"a raw NUL":                  "{\"a\": \"\x00\", GOOD}",
	"not a number":               `{"a": NaN, GOOD}`,
	"a leading zero":             `{"a": 01, GOOD}`,
	"too deep":                   `{"a": ` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `, GOOD}`,
}

// readable are bodies with something odd that means one thing all the same.
var readable = map[string]string{
	"space around":        " \t\r\n{GOOD}\n ",
	"unknown members":     `{"a": 1, "b": null, "c": [{"d": {}}], GOOD}`,
	"escapes":             `{"\u0061": "\ud83d\ude00", GOOD}`,
	"a name in capitals":  `{"PASSWORD": "x", GOOD}`,
	"Authorization-alike": `{"token": "x", GOOD}`,
}

// jsonLogins are what GOOD stands for, by path.
var jsonLogins = map[string]string{
	"/api/v1/auth/login": `"email": "smart@example.com", "password": "` + secret + `"`,
	"/api/auth/login":    `"username": "snapotp", "password": "` + secret + `"`,
	"/api/v1/login":      `"email": "pwa@example.com", "password": "` + secret + `"`,
}

func TestJSONBodies(t *testing.T) {
	t.Parallel()
	a := start(t)
	people(t, a)
	for path, good := range jsonLogins {
		before := a.dump(t)
		for name, body := range unreadable {
			body = strings.ReplaceAll(body, "GOOD", good)
			if got := a.do(t, post(path, jsonType, body)); got.status != 400 {
				t.Errorf("%s: %s: status %d: %s", path, name, got.status, got.body)
			}
		}
		diff(t, path+": what unreadable bodies changed", before, a.dump(t))
		for name, body := range readable {
			body = strings.ReplaceAll(body, "GOOD", good)
			if got := a.do(t, post(path, jsonType, body)); got.status != 200 {
				t.Errorf("%s: %s: status %d: %s", path, name, got.status, got.body)
			}
		}
	}
}

// Names match by exact case, so a folded one is no member: neither the
// address of smart, nor what makes a request the dashboard's.
func TestMemberNamesMatchExactly(t *testing.T) {
	t.Parallel()
	a := start(t)
	people(t, a)
	for _, name := range []string{"EMAIL", "Email", "eMail", "Username", "USERNAME", "user\u017fame"} {
		got := a.want(t, 422, postJSON("/api/v1/auth/login", map[string]any{name: "smart@example.com", "password": secret}))
		if said, _ := got.at("message").(string); !strings.HasPrefix(said, "email: ") || strings.Contains(said, "password") {
			t.Errorf("%s: %s", name, got.body)
		}
	}
	// Any username at all, even a wrong type, makes it the dashboard's.
	for _, value := range []any{"", nil, 1, []string{}} {
		got := a.want(t, 400, postJSON("/api/v1/auth/login", map[string]any{"username": value, "email": "smart@example.com", "password": secret}))
		members(t, got, "requestId", "rc", "message", "data")
	}
}

func TestContentTypesInEverySpelling(t *testing.T) {
	t.Parallel()
	a := start(t)
	people(t, a)
	for media, body := range map[string]string{
		"application/json":                    `{` + jsonLogins["/api/v1/login"] + `}`,
		"Application/JSON":                    `{` + jsonLogins["/api/v1/login"] + `}`,
		"application/json; charset=utf-8":     `{` + jsonLogins["/api/v1/login"] + `}`,
		"APPLICATION/JSON ;CHARSET=\"UTF-8\"": `{` + jsonLogins["/api/v1/login"] + `}`,
	} {
		a.want(t, 200, post("/api/v1/login", media, body))
	}
	form := "email=shoop%40example.com&password=" + secret
	for _, media := range []string{formType, "Application/X-WWW-Form-URLencoded; charset=UTF-8"} {
		a.want(t, 200, post("/api/v2/auth/login", media, form))
	}
}

func TestBodySize(t *testing.T) {
	t.Parallel()
	a := start(t)
	people(t, a)
	good := `{` + jsonLogins["/api/v1/login"] + `}`
	fits := good + strings.Repeat(" ", 64<<10-len(good))
	for _, headers := range [][]string{nil, {chunked}} {
		a.want(t, 200, post("/api/v1/login", jsonType, fits).with(headers...))
		a.want(t, 413, post("/api/v1/login", jsonType, fits+" ").with(headers...))
	}
}
