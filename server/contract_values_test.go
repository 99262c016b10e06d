package server_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"testing"
)

// wrongTypes are values of JSON that are no text.
var wrongTypes = []any{12345678, 1.5, true, json.RawMessage("null"), []string{"x"}, map[string]any{"x": "y"}}

// types sends what is no text: in JSON another type, in a form a file.
func (p *fieldProbe) types(t *testing.T) {
	t.Helper()
	ask := p.names
	if p.kind == "any" {
		ask = p.accepts
	}
	if p.end.form {
		ask(t, "as a file", p.asFile())
		return
	}
	for _, value := range wrongTypes {
		ask(t, fmt.Sprintf("as %v", value), p.with(value))
	}
}

// asFile is the request as multipart, the field a file in it.
func (p *fieldProbe) asFile() request {
	fields := maps.Clone(p.end.fields)
	maps.Copy(fields, p.base)
	fields[p.name] = "x"
	var b strings.Builder
	for name, value := range fields {
		if value == nil {
			continue
		}
		file := ""
		if name == p.name {
			file = `; filename="x"`
		}
		fmt.Fprintf(&b, "--b\r\nContent-Disposition: form-data; name=%q%s\r\n\r\n%v\r\n", name, file, value)
	}
	return post(p.path, "multipart/form-data; boundary=b", b.String()+"--b--\r\n").with("Accept-Language: en")
}

// limits sends values at the bounds and one beyond, and such as have not the
// type's shape.
func (p *fieldProbe) limits(t *testing.T) {
	t.Helper()
	var least, most int
	switch n, _ := fmt.Sscanf(p.bounds, "%d–%d", &least, &most); {
	case n == 2:
		p.accepts(t, "at its shortest", p.with(p.long(least)))
		p.accepts(t, "at its longest", p.with(p.long(most)))
		p.names(t, "one too long", p.with(p.long(most+1)))
		if least > 0 {
			p.names(t, "one too short", p.with(p.long(least-1)))
		}
	case strings.HasPrefix(p.bounds, "±"):
		n, err := strconv.Atoi(strings.TrimPrefix(p.bounds, "±"))
		must(t, err)
		for _, sign := range []string{"", "-"} {
			p.accepts(t, "at its bound", p.with(sign+strconv.Itoa(n)))
			p.names(t, "beyond its bound", p.with(sign+strconv.Itoa(n)+".01"))
		}
	case p.bounds == "–":
		p.accepts(t, "very long", p.with(strings.Repeat("x", 20_000)))
	default:
		t.Errorf("%s: no test knows the bounds %q", p, p.bounds)
	}
	switch {
	case p.kind == "e-mail":
		p.names(t, "no e-mail", p.with("nobody-at-all"))
	case p.kind == "decimal":
		p.names(t, "no number", p.with("east"))
	case p.kind == "any", p.kind == "string" && p.name == "password":
	case p.kind == "string":
		p.accepts(t, "a word", p.with("nobody-at-all"))
	default:
		t.Errorf("%s: no test knows the type %q", p, p.kind)
	}
}

// long is a value of so many characters that nothing else is wrong with.
func (p *fieldProbe) long(n int) string {
	switch {
	case p.kind == "e-mail":
		domain := []byte(strings.Repeat("b", max(0, n-4)))
		for i := 49; i < len(domain)-1; i += 50 {
			domain[i] = '.'
		}
		return "a@" + string(domain) + ".c"
	case p.name == "username":
		return strings.Repeat("u", n)
	case p.name == "password":
		return "Aa1!" + strings.Repeat("é", n-4)
	}
	return strings.Repeat("é", n)
}
