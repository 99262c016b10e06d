package server_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kunci/db"
	"kunci/server/auth"
	"kunci/server/dialect"
)

var update = flag.Bool("update", false, "rewrite the answers in testdata/exchanges")

const exchanges = "../testdata/exchanges"

// TestExchanges plays every file of testdata/exchanges against a server of
// its own and compares the answers, masked by shape, with those in the file.
// The requests of the five documents are among them as written there.
func TestExchanges(t *testing.T) {
	t.Parallel()
	folders, err := os.ReadDir(exchanges)
	must(t, err)
	var names []string
	for _, f := range folders {
		names = append(names, f.Name())
	}
	if !slices.Equal(names, dialect.Names()) {
		t.Errorf("folders %v for the dialects %v", names, dialect.Names())
	}
	files, err := filepath.Glob(filepath.Join(exchanges, "*", "*.txt"))
	must(t, err)
	for _, path := range files {
		name := strings.TrimSuffix(filepath.ToSlash(strings.TrimPrefix(path, exchanges+string(filepath.Separator))), ".txt")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, path)
		})
	}
}

// The stores that an exchange can ask for: those of `serve --dev`, with and
// without the demo accounts, and one that serves in earnest.
var stores = map[string][]option{
	"demos": {dev},
	"empty": {dev},
	"plain": {func(s *setup) { s.server.CORSOrigins = []string{"https://app.example"} }},
}

func play(t *testing.T, path string) {
	x := readExchanges(t, path)
	options, ok := stores[x.store]
	if !ok {
		t.Fatalf("%s: no such store: %q", path, x.store)
	}
	a := start(t, options...)
	if x.store == "demos" {
		must(t, a.op.MakeDemos(t.Context()))
		for _, d := range auth.Demos() {
			a.log.secret(d.Password)
		}
	}
	last := ""
	for i := range x.steps {
		step := &x.steps[i]
		got := a.do(t, a.filled(t, x, step.request, last))
		if found := credentials.FindString(got.body); found != "" {
			last = found
		}
		text := masked(t, got)
		if *update {
			step.answer = text
			continue
		}
		diff(t, "the answer to request "+step.request.method+" "+step.request.path, step.answer, text)
	}
	if *update {
		x.write(t, path)
	}
}

// filled is a request with the file's placeholders filled in: by a word of
// the file's own, by the credential of the last sign-in, or by the token of
// the last mailed link.
func (a *app) filled(t *testing.T, x *exchangeFile, r request, last string) request {
	t.Helper()
	for _, fill := range x.fills {
		value := fill.value
		if email, ok := strings.CutPrefix(value, "reset link of "); ok {
			value = a.link(t, email, db.PurposeReset)
		} else if value == "the last credential" {
			value = last
		}
		r.body = strings.ReplaceAll(r.body, fill.name, value)
		for i := range r.headers {
			r.headers[i] = strings.ReplaceAll(r.headers[i], fill.name, value)
		}
	}
	return r
}
