package server_test

import (
	"strings"
	"testing"
)

// badFields are values that CONTRACT 2 does not allow, by field.
var badFields = map[string]map[string]string{
	"email": {
		"too short":        "a@b",
		"201 characters":   strings.Repeat("a", 60) + "@" + strings.Repeat("b.", 69) + "bb",
		"a display name":   "Jo <jo@example.com>",
		"angle brackets":   "<jo@example.com>",
		"a line break":     "jo@example.com\r\nBcc: all@example.com",
		"a NUL":            "jo@example.com\x00",
		"no domain":        "joexample",
		"two addresses":    "a@example.com,b@example.com",
		"not ASCII":        "jö@example.com",
		"a space":          " jo@example.com",
		"a quoted name":    "\"jo hn\"@example.com",
		"an address of IP": "jo@[127.0.0.1]",
	},
	"username": {
		"an @":              "jo@example",
		"too short":         "jo",
		"33 characters":     strings.Repeat("j", 33),
		"begins with a dot": ".joe",
		"a space":           "jo hn",
		"a slash":           "jo/hn",
		"a control":         "joh\x07n",
	},
	"password": {
		"7 characters":   "Zq7-xyz",
		"201 characters": strings.Repeat("Zq7-x", 40) + "y",
		"1025 bytes":     strings.Repeat("\U0001F511", 257),
		"a NUL":          "Zq7-xyzq\x00",
		"a line break":   "Zq7-xyzq\n",
		"common":         "password1",
		"the e-mail":     "Fields@Example.com",
		"the username":   "FieldTester",
	},
	"name": {
		"blank":            "  ",
		"201 characters":   strings.Repeat("n", 201),
		"a NUL":            "Jo\x00",
		"a line break":     "Jo\r\nSubject: x",
		"a line separator": "Jo\u2028",
		"turned around":    "Jo\u202e",
	},
}

// goodFields are values at the very edge of what is allowed.
var goodFields = map[string][]string{
	"email":    {"a@b.c", "O'Neil+tag@example.com", strings.Repeat("a", 60) + "@" + strings.Repeat("b.", 69) + "b"},
	"username": {"j.0", strings.Repeat("j", 32), "7-_."},
	"password": {"Zq7-xyzq", strings.Repeat("Zq7-x", 40), strings.Repeat("\U0001F511", 200), "spasi di dalam "},
	"name":     {"J", strings.Repeat("\U0001F511", 200), "<b>&\"'"},
}

func register(changes map[string]any) request {
	e := endpoint{path: "/api/auth/register", fields: map[string]any{
		"username": "fieldtester", "email": "fields@example.com", "password": secret, "name": "Field Tester",
	}}
	return e.request(changes)
}

func TestFieldsOfARegistration(t *testing.T) {
	t.Parallel()
	a := start(t)
	for field, values := range badFields {
		for name, value := range values {
			got := a.do(t, register(map[string]any{field: value}))
			errors, _ := got.members["errors"].(map[string]any)
			if got.status != 422 || len(errors) != 1 || errors[field] == nil {
				t.Errorf("%s, %s: %d %s", field, name, got.status, got.body)
			}
		}
	}
	if all := a.dump(t); len(all) != 0 {
		t.Errorf("refused registrations left %v", all)
	}
	n := 0
	for field, values := range goodFields {
		for _, value := range values {
			n++
			others := map[string]any{"username": "tester" + string(rune('a'+n)), "email": "tester" + string(rune('a'+n)) + "@example.com", field: value}
			if got := a.do(t, register(others)); got.status != 201 {
				t.Errorf("%s %q: %d %s", field, value, got.status, got.body)
			}
		}
	}
}

// The dashboard and the pwa check their documented rules at sign-in, the
// others only that there is something to check.
func TestFieldRulesAtSignIn(t *testing.T) {
	t.Parallel()
	a := start(t)
	people(t, a)
	for name, bad := range map[string]map[string]string{
		"a short e-mail":      {"id": "a@b", "password": secret},
		"a long e-mail":       {"id": badFields["email"]["201 characters"], "password": secret},
		"a display name":      {"id": "Jo <jo@example.com>", "password": secret},
		"a short password":    {"id": "jo@example.com", "password": "Tes123!"},
		"a long password":     {"id": "jo@example.com", "password": strings.Repeat("Tes1!", 40) + "x"},
		"no lower-case":       {"id": "jo@example.com", "password": "TES12345!"},
		"no upper-case":       {"id": "jo@example.com", "password": "tes12345!"},
		"no digit":            {"id": "jo@example.com", "password": "TesTesTes!"},
		"no special":          {"id": "jo@example.com", "password": "Tes123456"},
		"a control character": {"id": "jo@example.com", "password": "Tes12345!\x00"},
	} {
		for _, asked := range []request{
			postJSON("/api/v1/auth/login", map[string]any{"username": bad["id"], "password": bad["password"]}),
			postJSON("/api/v1/login", map[string]any{"email": bad["id"], "password": bad["password"]}),
		} {
			if got := a.do(t, asked); got.status != 400 {
				t.Errorf("%s, %s: %d %s", asked.path, name, got.status, got.body)
			}
		}
		for _, asked := range []request{
			postJSON("/api/v1/auth/login", map[string]any{"email": bad["id"], "password": bad["password"]}),
			postJSON("/api/auth/login", map[string]any{"username": bad["id"], "password": bad["password"]}),
			postForm("/api/v2/auth/login", map[string]any{"email": bad["id"], "password": bad["password"]}),
		} {
			if got := a.do(t, asked); got.status != 401 && got.status != 429 {
				t.Errorf("%s, %s: %d %s", asked.path, name, got.status, got.body)
			}
		}
	}
}

// Every character of a password counts, none is trimmed; the two ways of
// writing é are one.
func TestPasswordsAsTyped(t *testing.T) {
	t.Parallel()
	a := start(t)
	a.want(t, 201, register(map[string]any{"password": " caf\u00e9-caf\u00e9 "}))
	for typed, status := range map[string]int{" caf\u00e9-caf\u00e9 ": 200, " cafe\u0301-cafe\u0301 ": 200, "caf\u00e9-caf\u00e9": 401, " caf\u00e9-caf\u00e9": 401} {
		a.want(t, status, postJSON("/api/auth/login", map[string]any{"username": "FieldTester", "password": typed}))
	}
}
