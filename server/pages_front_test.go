package server_test

import (
	"bytes"
	"context"
	"html"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"kunci/server"
	"kunci/server/auth"
	"kunci/server/dialect"
)

func withDemos(c *auth.Config, s *server.Config) {
	c.Admit, c.AllowCommon = []string{"snapotp", "shoop", "smart", "pwa"}, true
	s.Demos = auth.Demos
}

func withoutDev(_ *auth.Config, s *server.Config) {
	s.Dev, s.Demos = false, auth.Demos
}

var pagesCurl = regexp.MustCompile(`(?s)<pre><code>(.*?)</code></pre>`)

// curls are the commands of the front page, each as a shell reads it.
func (w pagesAnswer) curls(t *testing.T) (commands [][]string) {
	t.Helper()
	for _, m := range pagesCurl.FindAllStringSubmatch(w.body, -1) {
		script := "curl() { for word; do printf '%s\\0' \"$word\"; done; }\n" + html.UnescapeString(m[1])
		out, err := exec.Command("sh", "-c", script).Output()
		if err != nil {
			t.Fatalf("the shell does not take %s: %v", script, err)
		}
		words := bytes.Split(bytes.TrimSuffix(out, []byte{0}), []byte{0})
		var command []string
		for _, word := range words {
			command = append(command, string(word))
		}
		commands = append(commands, command)
	}
	return commands
}

// run does what curl would.
func (a *pagesApp) run(t *testing.T, command []string) pagesAnswer {
	t.Helper()
	path, ours := strings.CutPrefix(command[0], a.base)
	if !ours {
		t.Fatalf("the command leads to %q", command[0])
	}
	var body, headers []string
	for i := 1; i+1 < len(command); i += 2 {
		switch option, value := command[i], command[i+1]; option {
		case "-H":
			name, value, _ := strings.Cut(value, ": ")
			headers = append(headers, name, value)
		case "-d":
			body = append(body, value)
		case "--data-urlencode":
			name, value, _ := strings.Cut(value, "=")
			body = append(body, pagesForm(name, value))
		default:
			t.Fatalf("an option that this test does not know: %q", option)
		}
	}
	return a.do(t, http.MethodPost, path, strings.Join(body, "&"), headers...)
}

func TestPagesFrontOfDev(t *testing.T) {
	t.Parallel()
	a := pagesStart(t, withDemos)
	pagesMust(t, a.op.MakeDemos(context.Background()))
	w := a.get(t, "/")
	w.want(t, http.StatusOK, `href="/readyz"`, `href="/.well-known/paseto-keys"`, `href="/outbox"`, "--dev")
	for _, d := range auth.Demos() {
		w.want(t, http.StatusOK, "<code>"+d.Email+"</code>", "<code>"+d.Password+"</code>")
	}
	commands := w.curls(t)
	if len(commands) != len(dialect.All) {
		t.Fatalf("%d commands for %d dialects", len(commands), len(dialect.All))
	}
	for _, command := range commands {
		if got := a.run(t, command); got.status != http.StatusOK {
			t.Errorf("%q: %d %s", command, got.status, got.body)
		}
	}
	for _, path := range []string{"/.well-known/paseto-keys", "/outbox", "/reset-password"} {
		a.get(t, path).want(t, http.StatusOK)
	}
}

func TestPagesFrontWithoutDev(t *testing.T) {
	t.Parallel()
	a := pagesStart(t, withoutDev)
	w := a.get(t, "/")
	w.want(t, http.StatusOK, "YOUR-EMAIL", "YOUR-USERNAME", "YOUR-PASSWORD")
	w.lacks(t, "/outbox", "--dev", "Demo")
	for _, d := range auth.Demos() {
		w.lacks(t, d.Email, d.Password)
	}
	if n := len(w.curls(t)); n != len(dialect.All) {
		t.Errorf("%d commands for %d dialects", n, len(dialect.All))
	}
	for _, path := range []string{"/outbox", "/outbox/x", "/outbox/x/html"} {
		a.get(t, path).want(t, http.StatusNotFound, "no such route")
	}
}
