package server_test

import (
	"strings"
	"testing"

	"kunci/db"
)

// except gives one reason to every endpoint but those at some paths.
func except(reason string, paths ...string) map[string]string {
	absent := map[string]string{}
	for i := range endpoints {
		e := &endpoints[i]
		if !strings.Contains(" "+strings.Join(paths, " ")+" ", " "+e.path+" ") {
			absent[e.name()] = reason
		}
	}
	return absent
}

// askWithout leaves each required field out, empty, or of another type.
func askWithout(_ *testing.T, _ *app, e *endpoint) (probes []probe) {
	for _, field := range e.required {
		fixed := ""
		if e.form {
			fixed = "Your parameter is not complete. Missing parameter '" + field + "'."
		}
		if e.dialect != "dashboard" || field != "username" { // without it, it is smart's
			probes = append(probes, probe{request: e.request(map[string]any{field: nil}), field: field, fixed: fixed})
		}
		probes = append(probes, probe{request: e.request(map[string]any{field: ""}), field: field, fixed: fixed})
		if e.form {
			continue
		}
		for _, other := range []any{12345678, 1.5, true, []string{"x"}, map[string]any{"x": "y"}} {
			probes = append(probes, probe{request: e.request(map[string]any{field: other}), field: field})
		}
		null := e.request(map[string]any{field: "<null>"})
		null.body = strings.Replace(null.body, `"\u003cnull\u003e"`, "null", 1)
		probes = append(probes, probe{request: null, field: field})
	}
	return probes
}

// askTooOften spends the one try that an address has, then asks again.
func askTooOften(t *testing.T, a *app, e *endpoint) []probe {
	if e.fields == nil {
		return nil
	}
	changes := map[string]any{}
	switch {
	case strings.HasSuffix(e.path, "login"):
		changes["password"] = wrong
	case e.path == "/api/auth/google":
		changes["id_token"] = "forged"
	case strings.HasSuffix(e.path, "register"):
		changes["email"], changes["username"] = "first-"+e.dialect+"@example.com", "first-"+e.dialect
	}
	spent := a.do(t, e.request(changes).from(network(e)))
	if spent.status == 429 {
		t.Errorf("%s: the first try was one too many", e.name())
	}
	return []probe{{request: e.request(nil).from(network(e))}}
}

// standing are the fields that depend on what stands: the token of a link
// that was mailed.
func (a *app) standing(t *testing.T, e *endpoint) map[string]any {
	t.Helper()
	if e.path == "/api/auth/reset-password" {
		return map[string]any{"token": a.link(t, "snapotp@example.com", db.PurposeReset)}
	}
	return nil
}

func (a *app) signedIn(t *testing.T) string {
	t.Helper()
	return a.want(t, 200, postJSON("/api/v1/auth/login", map[string]any{"email": "linked@example.com", "password": secret})).credential(t)
}
