package server_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The house: which package may import which of ours. Imports run downward
// only, so that a room can be understood without the rooms above it.
var rooms = map[string]struct {
	may []string
	why string
}{
	"kunci":                 {[]string{"kunci/server/cli"}, "main only starts the commands"},
	"kunci/db":              {nil, "records must not know what they are used for"},
	"kunci/db/bolt":         {[]string{"kunci/db"}, "an engine knows keys and values, no records' users"},
	"kunci/db/dbtest":       {[]string{"kunci/db", "kunci/db/bolt"}, "a store for tests, nothing more"},
	"kunci/mail":            {nil, "composing and sending must not reach accounts"},
	"kunci/server/metrics":  {nil, "numbers must not know what they are numbers of"},
	"kunci/server/password": {nil, "hashing must not know whose password it is"},
	"kunci/server/social":   {nil, "checking a claim must not know what it opens"},
	"kunci/server/token":    {nil, "signing must not know what it is signed for"},
	"kunci/server/auth":     {[]string{"kunci/db", "kunci/mail", "kunci/server/password", "kunci/server/token"}, "the core knows no HTTP and no dialect"},
	"kunci/server/bench":    {nil, "a load generator sees the server as its clients do"},
	"kunci/server/cert":     {nil, "which certificate answers must not depend on what is served behind it"},
	"kunci/server/systemd":  {nil, "speaking with the service manager must not know what is served"},
	"kunci/server/ctl":      {[]string{"kunci/db", "kunci/server/auth"}, "what an act does is the core's, what is printed the commands'"},
	"kunci/server/dialect":  {[]string{"kunci/server/auth"}, "a dialect must not reach the database past the core"},
	"kunci/server":          {[]string{"kunci/mail", "kunci/server/auth", "kunci/server/dialect"}, "HTTP must not reach the database past the core"},
	"kunci/server/cli":      {[]string{"kunci/db", "kunci/db/bolt", "kunci/mail", "kunci/server", "kunci/server/auth", "kunci/server/bench", "kunci/server/cert", "kunci/server/ctl", "kunci/server/dialect", "kunci/server/metrics", "kunci/server/password", "kunci/server/social", "kunci/server/systemd", "kunci/server/token"}, "the one place where everything is wired together"},
}

// doors are packages from outside that only some rooms may import.
var doors = []struct {
	door  string
	rooms []string
	why   string
}{
	{"github.com/VictoriaMetrics/metrics", []string{"kunci/server/metrics"}, "who is counted must not know by what"},
	{"github.com/coreos/go-oidc", []string{"kunci/server/social"}, "one place talks to issuers"},
	{"github.com/go-crypt/x", []string{"kunci/server/password"}, "every hash goes through the one gate"},
	{"github.com/julienschmidt/httprouter", []string{"kunci/server", "kunci/server/bench"}, "one place has routes; bench holds them to a bare router"},
	{"github.com/o1egl/paseto", []string{"kunci/server/token"}, "its traps are fenced off in one place"},
	{"github.com/urfave/cli", []string{"kunci/server/cli"}, "one place has commands"},
	{"github.com/wneessen/go-mail", []string{"kunci/mail"}, "one place speaks SMTP"},
	{"go.etcd.io/bbolt", []string{"kunci/db/bolt"}, "nothing may lean on bbolt's own ways, so that another engine can stand in"},
	{"golang.org/x/crypto/acme", []string{"kunci/server/cert"}, "one place has certificates issued"},
	{"golang.org/x/crypto/argon2", []string{"kunci/server/password"}, "every hash goes through the one gate"},
	{"golang.org/x/crypto/bcrypt", []string{"kunci/server/password"}, "every hash goes through the one gate"},
	{"golang.org/x/crypto/scrypt", []string{"kunci/server/password"}, "every hash goes through the one gate"},
	{"net/http", []string{"kunci/server", "kunci/server/bench", "kunci/server/cert", "kunci/server/cli", "kunci/server/ctl", "kunci/server/dialect", "kunci/server/metrics", "kunci/server/social"}, "the core must be callable without HTTP"},
}

type goPackage struct {
	ImportPath, Dir string
	Imports         []string
	GoFiles         []string
}

func packages(t *testing.T) (all []goPackage) {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,Imports,GoFiles", "kunci/...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestImportsRunDownward(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		room, known := rooms[p.ImportPath]
		if !known {
			t.Errorf("%s has no place in the house: add it to the table, with what it may import and why", p.ImportPath)
		}
		for _, imported := range p.Imports {
			if strings.HasPrefix(imported, "kunci") && !slices.Contains(room.may, imported) {
				t.Errorf("%s imports %s: %s", p.ImportPath, imported, room.why)
			}
			for _, d := range doors {
				inside := imported == d.door || strings.HasPrefix(imported, d.door+"/")
				if inside && !slices.Contains(d.rooms, p.ImportPath) {
					t.Errorf("%s imports %s: %s", p.ImportPath, imported, d.why)
				}
			}
		}
	}
}

func TestEveryPackageHasOneComment(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		var comments []*ast.CommentGroup
		for _, name := range p.GoFiles {
			f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.ParseComments|parser.PackageClauseOnly)
			if err != nil {
				t.Fatal(err)
			}
			if f.Doc != nil {
				comments = append(comments, f.Doc)
			}
		}
		if len(comments) != 1 {
			t.Errorf("%s has %d package comments, want one that says what it owns", p.ImportPath, len(comments))
		}
	}
}

func TestTopLevelHoldsNothingElse(t *testing.T) {
	t.Parallel()
	listed := []string{"README.md", "db", "go.mod", "go.sum", "mail", "main.go", "server", "testdata"}
	out, err := exec.Command("git", "-C", "..", "ls-files", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Skip("no git checkout, so what belongs to the project can't be told from what lies about")
	}
	for path := range strings.Lines(string(out)) {
		top, _, _ := strings.Cut(strings.TrimSpace(path), "/")
		if !slices.Contains(listed, top) && !strings.HasPrefix(top, ".") {
			t.Errorf("%s stands at the top level, which holds only %s", top, strings.Join(listed, ", "))
		}
	}
}
