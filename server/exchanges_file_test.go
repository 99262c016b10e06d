package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// exchangeFile is requests and the answers to them, in a file that reads
//
//	Any words that say what it shows.
//	store: demos
//	fill: {token} = the last credential
//	-- request --
//	POST /api/auth/login
//	Content-Type: application/json
//
//	{ … }
//	-- answer --
//	200
//	Content-Type: application/json
//
//	{ … }
//
// The body of a request is sent as it stands, without the last line end.
type exchangeFile struct {
	comment []byte
	store   string
	fills   []fill
	steps   []step
}

type fill struct{ name, value string }

type step struct {
	asked   []byte // the request as the file has it
	request request
	answer  string
}

func readExchanges(t *testing.T, path string) *exchangeFile {
	t.Helper()
	raw, err := os.ReadFile(path)
	must(t, err)
	archive := txtar.Parse(raw)
	x := &exchangeFile{comment: archive.Comment}
	for line := range strings.Lines(string(archive.Comment)) {
		if store, ok := strings.CutPrefix(line, "store: "); ok {
			x.store = strings.TrimSpace(store)
		}
		if rest, ok := strings.CutPrefix(line, "fill: "); ok {
			name, value, _ := strings.Cut(strings.TrimSpace(rest), " = ")
			x.fills = append(x.fills, fill{name, value})
		}
	}
	for _, f := range archive.Files {
		switch {
		case f.Name == "request":
			x.steps = append(x.steps, step{asked: f.Data, request: readRequest(t, path, string(f.Data))})
		case f.Name == "answer" && len(x.steps) > 0:
			x.steps[len(x.steps)-1].answer = string(f.Data)
		default:
			t.Fatalf("%s: a section %q out of place", path, f.Name)
		}
	}
	if len(x.steps) == 0 {
		t.Fatalf("%s: no request", path)
	}
	return x
}

func readRequest(t *testing.T, path, text string) (r request) {
	t.Helper()
	head, body, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(strings.TrimSuffix(head, "\n"), "\n")
	var ok bool
	if r.method, r.path, ok = strings.Cut(lines[0], " "); !ok {
		t.Fatalf("%s: a request begins with method and path, not %q", path, lines[0])
	}
	r.headers, r.body = lines[1:], strings.TrimSuffix(body, "\n")
	return r
}

func (x *exchangeFile) write(t *testing.T, path string) {
	t.Helper()
	archive := txtar.Archive{Comment: x.comment}
	for _, s := range x.steps {
		archive.Files = append(archive.Files, txtar.File{Name: "request", Data: s.asked}, txtar.File{Name: "answer", Data: []byte(s.answer)})
	}
	must(t, os.WriteFile(path, txtar.Format(&archive), 0o644))
}

// shown are the headers that an exchange shows where they are there.
var shown = []string{
	"Access-Control-Allow-Headers", "Access-Control-Allow-Methods", "Access-Control-Allow-Origin",
	"Access-Control-Expose-Headers", "Allow", "Cache-Control", "Content-Type", "Retry-After", "Www-Authenticate", "X-Request-Id",
}

// masks hide what varies. What has not the shape stays in sight and differs.
var masks = []struct {
	shape *regexp.Regexp
	as    string
}{
	{regexp.MustCompile(`v2\.public\.[A-Za-z0-9_-]{86,}\.[A-Za-z0-9_-]{70,90}`), "<token>"},
	{regexp.MustCompile(`\b[0-9a-f]{40}\b`), "<key>"},
	{regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b`), "<uuid>"},
	{regexp.MustCompile(`\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ`), "<time>"},
}

// reserved looks like any UUID but is fixed (CONTRACT 2).
const reserved = "6b756e63-6900-4000-8000-000000000000"

func masked(t *testing.T, got *answer) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "%d\n", got.status)
	for _, name := range slices.Sorted(slices.Values(shown)) {
		for _, value := range got.header.Values(name) {
			fmt.Fprintf(&b, "%s: %s\n", http.CanonicalHeaderKey(name), value)
		}
	}
	if got.body != "" {
		var body bytes.Buffer
		must(t, json.Indent(&body, []byte(got.body), "", "  "))
		b.WriteString("\n" + strings.TrimSpace(body.String()) + "\n")
	}
	text := strings.ReplaceAll(b.String(), reserved, "<reserved>")
	for _, m := range masks {
		text = m.shape.ReplaceAllString(text, m.as)
	}
	return strings.ReplaceAll(text, "<reserved>", reserved)
}
