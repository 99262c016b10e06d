package server_test

import (
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
			p.presence(t, trust, fields)
			p.types(t)
			p.limits(t)
		}
		if len(fields) > 0 {
			c.readsNoOther(t, verify, r)
		}
	}
	if rows != 0 {
		t.Errorf("%d fields in CONTRACT.md are of no route there", rows)
	}
}

// readsNoOther sends what is no text in the place of every field that other
// routes have: one that this route reads as well would be at fault.
func (c *contract) readsNoOther(t *testing.T, a *app, r *tableRoute) {
	t.Helper()
	names := map[string]bool{}
	for _, f := range c.fields {
		names[f.name] = true
	}
	for _, f := range c.of(r) {
		delete(names, f.name)
	}
	for name := range names {
		f := tableField{api: r.api, path: r.path, name: name, kind: "any"}
		p := &fieldProbe{tableField: &f, app: a, end: endpointOf(t, r.api, r.path)}
		p.types(t)
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
	changes := map[string]any{p.name: value}
	for name, other := range p.base {
		if name != p.name {
			changes[name] = other
		}
	}
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

// presence leaves the field out, alone, and sends it empty. What is required
// is so in mode trust too, and in the place of the fields that go in pairs.
func (p *fieldProbe) presence(t *testing.T, trust *app, fields []tableField) {
	t.Helper()
	lax := *p
	lax.app = trust
	other, pair := pairOf(p.required)
	switch {
	case p.required == "yes" && p.api == "dashboard" && p.name == "username":
		p.atFault(t, "left out", p.with(nil), "smart", "email") // whose body it is then
		p.names(t, "empty", p.with(""))
	case p.required == "yes":
		p.names(t, "left out", p.with(nil))
		p.names(t, "empty", p.with(""))
		lax.names(t, "left out in mode trust", p.with(nil))
		for _, f := range fields {
			if with, ok := pairOf(f.required); ok && f.name != p.name && with != p.name {
				p.names(t, "where "+with+" is there", postForm(p.path, map[string]any{f.name: "x", with: "x"}))
			}
		}
	case p.required == "in mode verify":
		p.names(t, "left out", p.with(nil))
		p.names(t, "empty", p.with(""))
		lax.accepts(t, "left out in mode trust", p.with(nil))
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
