package cli_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

const readme = "../../README.md"

// readmeURL is where README has the server.
const readmeURL = "http://127.0.0.1:8080"

// TestReadme runs every command that README shows as one to try, on the
// built binary, and holds each answer to the one that README shows: the same
// members with values of the same kind, and the same fixed words. A block
// without an answer sets what those after it use.
func TestReadme(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not on this machine")
	}
	const secret = "a secret of services"
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	base := serveDev(t, builtBinary(t), "--introspect-secret-file", file)
	before := "SECRET='" + secret + "'\n"
	for _, try := range tries(t) {
		script := before + strings.ReplaceAll(try.command, readmeURL, base)
		out, err := exec.Command("bash", "-euo", "pipefail", "-c", script).Output()
		if err != nil {
			t.Fatalf("%s\n%v", try.command, err)
		}
		if try.answer == "" {
			before = script
			continue
		}
		var want, got any
		if err := json.Unmarshal([]byte(strings.ReplaceAll(try.answer, readmeURL, base)), &want); err != nil {
			t.Fatalf("README shows an answer that is no JSON: %v\n%s", err, try.answer)
		}
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatalf("%s\nanswered no JSON: %s", try.command, out)
		}
		alike(t, try.command, "", want, got)
	}
}

type try struct{ command, answer string }

// tries are the sh blocks of README, each with the json block right below it.
func tries(t *testing.T) (all []try) {
	t.Helper()
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```\n(?:```json\n(.*?)```\n)?")
	for _, m := range blocks.FindAllStringSubmatch(string(text), -1) {
		all = append(all, try{m[1], m[2]})
	}
	if len(all) < 9 {
		t.Fatalf("README shows %d commands to try, too few to be all", len(all))
	}
	return all
}

var varies = regexp.MustCompile(`^(v2\.public\.|k2\.(pid|public)\.|…|[0-9a-f]{40}$|[0-9a-f]{8}-|\d{4}-\d\d-\d\dT)`)

func alike(t *testing.T, command, at string, want, got any) {
	t.Helper()
	switch want := want.(type) {
	case map[string]any:
		got, ok := got.(map[string]any)
		if !ok || len(got) != len(want) {
			t.Errorf("%s\n%s: README shows other members: %v", command, at, got)
			return
		}
		for name, value := range want {
			alike(t, command, at+"."+name, value, got[name])
		}
	case []any:
		got, ok := got.([]any)
		if !ok || len(got) != len(want) {
			t.Errorf("%s\n%s: README shows %d elements: %v", command, at, len(want), got)
			return
		}
		for i, value := range want {
			alike(t, command, fmt.Sprint(at, "[", i, "]"), value, got[i])
		}
	case string:
		if s, ok := got.(string); !ok || s != want && !varies.MatchString(want) {
			t.Errorf("%s\n%s: README shows %q, the answer is %q", command, at, want, got)
		}
	case float64:
		const times = 1e9 // seconds since 1970, which no other number reaches
		if n, ok := got.(float64); !ok || n != want && min(n, want) < times {
			t.Errorf("%s\n%s: README shows %v, the answer is %v", command, at, want, got)
		}
	default:
		if got != want {
			t.Errorf("%s\n%s: README shows %v, the answer is %v", command, at, want, got)
		}
	}
}

// verifier is a program around the function that README shows to services.
const verifier = `package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/o1egl/paseto/v2"
)

func main() {
	var listed struct{ Keys []struct{ Kid, Paserk string } }
	if err := json.Unmarshal([]byte(os.Args[2]), &listed); err != nil {
		panic(err)
	}
	keys := map[string]string{}
	for _, k := range listed.Keys {
		keys[k.Kid] = k.Paserk
	}
	token, base := os.Args[3], os.Args[1]
	_, other := verify(token, "https://other.example.com", []string{"pwa"}, keys)
	_, notFor := verify(token, base, []string{"smart"}, keys)
	_, unknown := verify(token, base, []string{"pwa"}, nil)
	middle := len(token) / 2
	_, forged := verify(token[:middle]+"AAAA"+token[middle+4:], base, []string{"pwa"}, keys)
	_, short := verify("v2.public.x", base, []string{"pwa"}, keys)
	if other == nil || notFor == nil || unknown == nil || forged == nil || short == nil {
		panic("a token that should be refused is taken")
	}
	claims, err := verify(token, base, []string{"smart", "pwa"}, keys)
	if err != nil {
		panic(err)
	}
	var name string
	if err := claims.Get("userName", &name); err != nil {
		panic(err)
	}
	fmt.Print(name)
}
`

// TestReadmeVerifiesATokenInGo compiles the function that README shows and has
// it judge a token of a server.
func TestReadmeVerifiesATokenInGo(t *testing.T) {
	needs(t, "curl")
	blocks := shown(t, "go")
	if len(blocks) != 1 {
		t.Fatalf("README shows %d pieces of Go", len(blocks))
	}
	file := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(file, []byte(verifier+"\n"+blocks[0]), 0o600); err != nil {
		t.Fatal(err)
	}
	base := serveDev(t, builtBinary(t))
	asked := func(args ...string) string {
		t.Helper()
		return string(done(exec.Command("curl", append([]string{"-sS"}, args...)...).Output())(t))
	}
	keys := asked(base + "/.well-known/paseto-keys")
	answer := asked(base+"/api/v1/login", "-H", "Content-Type: application/json", "-d", `{"email": "pwa-user@mail.com", "password": "Tes12345!"}`)
	token := regexp.MustCompile(`v2\.public\.[A-Za-z0-9_.-]*`).FindString(answer)
	if out, err := exec.Command("go", "run", file, base, keys, token).CombinedOutput(); err != nil || string(out) != "userTest" {
		t.Errorf("%v\n%s", err, out)
	}
}

// builtBinary is the binary that TEST_BINARY names, or one built here.
func builtBinary(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("TEST_BINARY"); path != "" {
		return path
	}
	path := filepath.Join(t.TempDir(), "kunci")
	if out, err := exec.Command("go", "build", "-o", path, "kunci").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// serveDev starts `serve --dev` in a folder of its own, and says where.
func serveDev(t *testing.T, binary string, args ...string) (base string) {
	t.Helper()
	cmd := exec.Command(binary, append([]string{"serve", "--dev", "--listen", "127.0.0.1:0"}, args...)...)
	cmd.Dir = t.TempDir()
	cmd.Env = []string{"HOME=" + cmd.Dir}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	found := make(chan string, 1)
	go func() {
		defer close(found)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			var line struct {
				PublicURL string `json:"public_url"`
			}
			if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
				t.Errorf("a line of the log is no JSON: %s", lines.Text())
			}
			if line.PublicURL != "" {
				found <- line.PublicURL
			}
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		for range found { // until stderr ends
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("serve ended with %v", err)
		}
	})
	select {
	case base = <-found:
	case <-time.After(20 * time.Second):
	}
	if base == "" {
		t.Fatal("serve named no URL")
	}
	return base
}

// TestReadmeNamesEverySetting keeps the table of settings complete and free of
// what is no setting.
func TestReadmeNamesEverySetting(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "| setting | default |")
	table, _, _ = strings.Cut(table, "\n\n")
	var shown []string
	for line := range strings.Lines(table) {
		if cell, ok := strings.CutPrefix(line, "| `"); ok {
			cell, _, _ = strings.Cut(cell, " |")
			shown = append(shown, strings.Split(strings.Trim(cell, "`"), "`, `")...)
		}
	}
	out, err := exec.Command(builtBinary(t), "serve", "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	var flags []string
	for _, m := range regexp.MustCompile(`(?m)^\s+--([a-z0-9-]+)`).FindAllStringSubmatch(string(out), -1) {
		name := m[1]
		if secret, ok := strings.CutSuffix(name, "-file"); ok {
			name = secret
		}
		if name != "help" {
			flags = append(flags, name)
		}
	}
	slices.Sort(shown)
	slices.Sort(flags)
	if !slices.Equal(shown, slices.Compact(flags)) {
		t.Errorf("README's settings and those of serve --help differ:\n%v\n%v", shown, flags)
	}
}
