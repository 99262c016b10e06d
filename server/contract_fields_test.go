package server_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kunci/server/dialect"
)

// fieldProbe asks an endpoint about one field of its row.
type fieldProbe struct {
	*tableField
	*app
	end  *endpoint
	base map[string]any // what makes the endpoint's request one that this field belongs to
}

// TestContractFields holds every field of every route to its row: left out
// alone, empty, of a wrong type, too short, too long, out of shape.
func TestContractFields(t *testing.T) {
	t.Parallel()
	verify := start(t, social, behindProxy, admit(dialect.Names()...))
	trust := start(t, dev)
	people(t, verify)
	people(t, trust)
	c := readContract(t)
	rows := len(c.fields)
	for i := range c.routes {
		r := &c.routes[i]
		if r.api == "" {
			continue
		}
		fields := c.of(r)
		rows -= len(fields)
		if (len(fields) == 0) != (r.body == "–") {
			t.Errorf("%s reads a body (%s) of %d fields", r.name(), r.body, len(fields))
		}
		for _, f := range fields {
			p := &fieldProbe{tableField: &f, app: verify, end: endpointOf(t, f.api, f.path), base: map[string]any{}}
			if other, pair := pairOf(f.required); pair && p.end.fields[other] == nil {
				for _, name := range p.end.required {
					p.base[name] = nil
				}
				p.base[f.name], p.base[other] = "fb-linked", "fb-linked"
			}
			p.presence(t, trust)
			p.types(t)
			p.limits(t)
		}
	}
	if rows != 0 {
		t.Errorf("%d fields in CONTRACT.md are of no route there", rows)
	}
}

var pairs = regexp.MustCompile("^with `([a-z_]+)`$")

// pairOf is the field that one is required with.
func pairOf(required string) (other string, ok bool) {
	if m := pairs.FindStringSubmatch(required); m != nil {
		return m[1], true
	}
	return "", false
}

// with is the endpoint's request with the field changed; nil leaves it out.
func (p *fieldProbe) with(value any) request {
	changes := maps.Clone(p.base)
	changes[p.name] = value
	return p.end.request(changes).with("Accept-Language: en")
}

// invalid is the status of a field at fault.
func invalid(api string) int {
	if api == "smart" || api == "snapotp" {
		return 422
	}
	return 400
}

// names asks for an error in the API's envelope that names the field and no
// other.
func (p *fieldProbe) names(t *testing.T, said string, asked request) {
	t.Helper()
	p.atFault(t, said, asked, p.api, p.name)
}

func (p *fieldProbe) atFault(t *testing.T, said string, asked request, api, field string) {
	t.Helper()
	got := p.do(t, asked)
	if got.status != invalid(api) {
		t.Errorf("%s, %s: %d: %s", p, said, got.status, got.body)
		return
	}
	diff(t, fmt.Sprintf("%s, %s: the fields at fault in %s", p, said, got.body), []string{field}, named(api, got))
	envelopes[api](t, got, probe{field: field})
}

// accepts asks for an answer that finds no field at fault.
func (p *fieldProbe) accepts(t *testing.T, said string, asked request) {
	t.Helper()
	got := p.do(t, asked)
	if got.status == invalid(p.api) && len(named(p.api, got)) > 0 || got.status == 429 || got.status >= 500 {
		t.Errorf("%s, %s: %d: %s", p, said, got.status, got.body)
	}
}

var missing = regexp.MustCompile(`^Your parameter is not complete\. Missing parameter '([a-z_]+)'\.$`)

// named are the fields that an error names.
func named(api string, got *answer) (fields []string) {
	said, _ := got.members[map[string]string{"shoop": "error"}[api]].(string)
	if api == "snapotp" {
		errors, _ := got.members["errors"].(map[string]any)
		return slices.Sorted(maps.Keys(errors))
	}
	if api != "shoop" {
		said, _ = got.members["message"].(string)
	}
	if m := missing.FindStringSubmatch(said); m != nil {
		return []string{m[1]}
	}
	for part := range strings.SplitSeq(said, "; ") {
		if field, _, ok := strings.Cut(part, ": "); ok {
			fields = append(fields, field)
		}
	}
	return fields
}

// presence leaves the field out, alone, and sends it empty.
func (p *fieldProbe) presence(t *testing.T, trust *app) {
	t.Helper()
	other, pair := pairOf(p.required)
	switch {
	case p.required == "yes" && p.api == "dashboard" && p.name == "username":
		p.atFault(t, "left out", p.with(nil), "smart", "email") // whose body it is then
		p.names(t, "empty", p.with(""))
	case p.required == "yes", p.required == "in mode verify":
		p.names(t, "left out", p.with(nil))
		p.names(t, "empty", p.with(""))
	case p.required == "no":
		p.accepts(t, "left out", p.with(nil))
		p.accepts(t, "empty", p.with(""))
	case pair:
		p.names(t, "left out where "+other+" is there", p.with(nil))
		p.names(t, "empty where "+other+" is there", p.with(""))
		alone := map[string]any{other: "x"}
		p.names(t, "where nothing but "+other+" is there", postForm(p.path, alone).with("Accept-Language: en"))
		both := p.end.request(map[string]any{"fb_token": "x", "fb_uid": "x"})
		p.atFault(t, "both pairs at once", both, p.api, "fb_token")
	default:
		t.Errorf("%s: no test knows what %q requires", p, p.required)
	}
	if p.required == "in mode verify" {
		lax := *p
		lax.app = trust
		lax.accepts(t, "left out in mode trust", p.with(nil))
	}
}

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

// TestContractHasEveryField compares the tables with what each API's file
// reads.
func TestContractHasEveryField(t *testing.T) {
	t.Parallel()
	c := readContract(t)
	for _, api := range dialect.Names() {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("dialect", api+".go"), nil, 0)
		must(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 1 {
				return true
			}
			reads, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || reads.Sel.Name != "need" && reads.Sel.Name != "may" {
				return true
			}
			name, ok := call.Args[0].(*ast.BasicLit)
			if !ok || !slices.ContainsFunc(c.fields, func(f tableField) bool { return f.api == api && strconv.Quote(f.name) == name.Value }) {
				t.Errorf("%s reads a field that no table of CONTRACT.md has: %v", api, call.Args[0])
			}
			return true
		})
	}
}
