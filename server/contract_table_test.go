package server_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The tables of CONTRACT.md, as a client developer reads them. What a cell may
// say is what the functions here understand: anything else fails the test.

// tableRoute is a row of a table of routes.
type tableRoute struct {
	api      string   // "" for those besides
	methods  []string // more than one where GET serves HEAD too
	path     string
	body     string // "JSON", "form" or "–"
	token    string
	success  string
	refused  string
	examples string
}

func (r *tableRoute) name() string { return r.api + " " + r.methods[0] + " " + r.path }

// tableField is a row of a table of fields.
type tableField struct {
	api, path, name, kind, required, bounds string
}

func (f *tableField) String() string { return f.api + " " + f.path + " " + f.name }

// contract is the page's tables. The heading above one names its API.
type contract struct {
	routes []tableRoute
	fields []tableField
}

const (
	routesHead = "| route | body | token | success | refused |"
	fieldsHead = "| route | field | type | required | bounds | meaning |"
)

func readContract(t *testing.T) *contract {
	t.Helper()
	raw, err := os.ReadFile("CONTRACT.md")
	must(t, err)
	c := &contract{}
	heading, head := "", ""
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "#"):
			heading = strings.TrimLeft(line, "# ")
		case !strings.HasPrefix(line, "|"):
			head = ""
		case head == "":
			head = line
		case strings.HasPrefix(line, "|---"):
		case strings.HasPrefix(head, routesHead):
			c.routes = append(c.routes, routeOf(t, heading, cells(line)))
		case head == fieldsHead:
			c.fields = append(c.fields, fieldOf(t, heading, cells(line)))
		}
	}
	if len(c.routes) == 0 || len(c.fields) == 0 {
		t.Fatalf("%d routes and %d fields in the tables", len(c.routes), len(c.fields))
	}
	return c
}

func cells(line string) (all []string) {
	for cell := range strings.SplitSeq(strings.Trim(line, "|"), "|") {
		all = append(all, strings.TrimSpace(cell))
	}
	return all
}

func routeOf(t *testing.T, heading string, c []string) tableRoute {
	t.Helper()
	if len(c) == 5 {
		heading, c = "", append(c, "")
	}
	methods, path, ok := strings.Cut(unquoted(c[0]), " /")
	if len(c) != 6 || !ok {
		t.Fatalf("a route's row that can't be read: %q", c)
	}
	return tableRoute{
		api: heading, methods: strings.Split(methods, ", "), path: "/" + path,
		body: c[1], token: c[2], success: c[3], refused: c[4], examples: c[5],
	}
}

func fieldOf(t *testing.T, heading string, c []string) tableField {
	t.Helper()
	if len(c) != 6 {
		t.Fatalf("a field's row that can't be read: %q", c)
	}
	return tableField{api: heading, path: unquoted(c[0]), name: unquoted(c[1]), kind: c[2], required: c[3], bounds: c[4]}
}

func unquoted(cell string) string { return strings.Trim(cell, "`") }

// of are the fields of a route.
func (c *contract) of(r *tableRoute) (all []tableField) {
	for _, f := range c.fields {
		if f.api == r.api && f.path == r.path && r.body != "–" {
			all = append(all, f)
		}
	}
	return all
}

var (
	asides   = regexp.MustCompile(` \([^)]*\)`)
	code     = regexp.MustCompile(`\b[1-5]\d\d\b`)
	prefixed = regexp.MustCompile("`([^`]+)`:")
	quoted   = regexp.MustCompile("`([^`]+)`( integer| boolean)?")
)

// statuses are those that a cell names, each once.
func statuses(cell string) (all []string) {
	all = code.FindAllString(asides.ReplaceAllString(cell, ""), -1)
	slices.Sort(all)
	return slices.Compact(all)
}

// members are those that a cell of success names, with the type that it says.
func (r *tableRoute) members() map[string]string {
	cell, prefix := asides.ReplaceAllString(r.success, ""), ""
	if p := prefixed.FindStringSubmatch(cell); p != nil {
		cell, prefix = strings.Replace(cell, p[0], "", 1), p[1]+"."
	}
	all := map[string]string{}
	for _, m := range quoted.FindAllStringSubmatch(cell, -1) {
		kind := strings.TrimSpace(m[2])
		if kind == "" {
			kind = "text"
		}
		all[prefix+m[1]] = kind
	}
	return all
}

// leaves are the members of an answer down to those that hold no others, by
// path, with the type that each has; [] stands for an array's elements.
func leaves(here any, path string, all map[string]string) map[string]string {
	switch here := here.(type) {
	case map[string]any:
		for name, value := range here {
			leaves(value, strings.TrimPrefix(path+"."+name, "."), all)
		}
	case []any:
		for _, value := range here {
			leaves(value, path+"[]", all)
		}
	case string:
		all[path] = "text"
	case bool:
		all[path] = "boolean"
	case float64:
		all[path] = "number"
		if here == float64(int64(here)) {
			all[path] = "integer"
		}
	default:
		all[path] = "null"
	}
	return all
}
