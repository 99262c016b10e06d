package cli_test

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every command that reaches accounts does and says the same, byte for byte but
// for what is random or the time, whether or not a server runs.
func TestCommandsAreTheSameLive(t *testing.T) {
	t.Parallel()
	still := filepath.Join(t.TempDir(), "data")
	serve(t, still, "--dev").stop(t)
	live := copied(t, still)
	p := serve(t, live, "--dev")
	const pw = "Corr3ct horse!\n"
	for _, test := range []struct {
		stdin string
		args  []string
	}{
		{"", []string{"company", "add", "Acme  Ltd", "--uuid", "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"}},
		{"", []string{"company", "add", "ACME LTD"}},
		{"", []string{"company", "add", "Other", "--uuid", "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"}},
		{"", []string{"company", "add", "Other", "--uuid", "6f"}},
		{"", []string{"division", "add", "Sales", "--company", "acme ltd", "--json"}},
		{"", []string{"division", "add", "sales", "--company", "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"}},
		{"", []string{"division", "add", "Sales", "--company", "Nope"}},
		{"", []string{"role", "add", "Clerk"}},
		{"", []string{"role", "add", "clerk"}},
		{"", []string{"role", "add", ""}},
		{"", []string{"company", "set", "acme ltd", "--name", "Acme"}},
		{"", []string{"company", "set", "Acme", "--name", "PT Company"}},
		{"", []string{"division", "set", "sales", "--company", "Acme", "--name", "Sales"}},
		{"", []string{"role", "set", "Nope", "--name", "X"}},
		{"", []string{"role", "set", "Clerk", "--name", ""}},
		{"", []string{"company", "set", "Acme", "--name", "Acme Ltd", "--json"}},
		{"", []string{"company", "delete", "Acme Ltd"}},
		{"", []string{"role", "delete", "Operator"}},
		{"", []string{"role", "add", "Gone"}},
		{"", []string{"role", "delete", "gone"}},
		{"", []string{"role", "delete", "gone"}},
		{pw, []string{"user", "add", "ada@example.com", "--name", "Ada <L> & \u200b", "--username", "ada", "--credit-balance", "-5", "--google-id", "g1", "--company", "acme ltd", "--division", "Sales", "--role", "Clerk", "--internal"}},
		{pw, []string{"user", "add", "ada@example.com", "--name", "A"}},
		{pw, []string{"user", "add", "b@example.com", "--name", "A", "--username", "ADA"}},
		{pw, []string{"user", "add", "b@example.com", "--name", "A", "--google-id", "g1"}},
		{"short\n", []string{"user", "add", "b.example.com", "--name", "A", "--username", "x"}},
		{"", []string{"user", "add", "b@example.com", "--name", "A"}},
		{"", []string{"user", "add", "b@example.com", "--name", "B", "--no-password", "--json"}},
		{"", []string{"user", "list"}},
		{"", []string{"user", "list", "--json"}},
		{"", []string{"user", "show", "ada"}},
		{"", []string{"user", "show", "ADA@EXAMPLE.COM", "--json"}},
		{"", []string{"user", "show", "nobody\n"}},
		{"", []string{"user", "show", "\xff"}},
		{"", []string{"user", "set", "ada", "--phone", "1", "--username", "", "--no-membership"}},
		{"", []string{"user", "set", "6", "--phone", "1"}},
		{"", []string{"user", "set", "6", "--phone", "2", "--json"}},
		{"", []string{"user", "set", "6", "--role", "Clerk"}},
		{"", []string{"user", "set", "6", "--email", "b@example.com"}},
		{"", []string{"user", "set", "6"}},
		{pw, []string{"user", "passwd", "6"}},
		{"short\n", []string{"user", "passwd", "6"}},
		{pw, []string{"user", "passwd", "nobody"}},
		{"", []string{"user", "why", "6"}},
		{"", []string{"user", "why", "6", "--json"}},
		{"", []string{"user", "why", "nobody"}},
		{"", []string{"user", "disable", "6"}},
		{"", []string{"user", "why", "ada@example.com"}},
		{"", []string{"user", "enable", "6"}},
		{"", []string{"user", "enable", "nobody"}},
		{"", []string{"user", "delete", "6"}},
		{"", []string{"user", "delete", "6", "--yes"}},
		{"", []string{"user", "delete", "6", "--yes"}},
		{"", []string{"company", "list"}},
		{"", []string{"company", "list", "--json"}},
		{"", []string{"division", "list"}},
		{"", []string{"role", "list", "--json"}},
		{"", []string{"session", "list", "1"}},
		{"", []string{"session", "list", "1", "--json"}},
		{"", []string{"session", "list", "nobody"}},
		{"", []string{"session", "revoke", "zzz"}},
		{"", []string{"session", "revoke", strings.Repeat("0", 32)}},
		{"", []string{"session", "revoke", "--user", "1"}},
		{"", []string{"session", "revoke", "--user", "nobody"}},
		{"", []string{"mail", "list"}},
		{"", []string{"key", "rotate"}},
		{"", []string{"key", "list"}},
		{"", []string{"key", "list", "--json"}},
		{"", []string{"check"}},
		{"", []string{"audit", "list"}},
		{"", []string{"audit", "list", "--json", "--limit", "7"}},
		{"", []string{"audit", "list", "--user", "ada@example.com", "--since", "1h"}},
		{"", []string{"audit", "list", "--event", "user-add", "--outcome", "ok", "--dialect", "operator", "--until", "2100-01-01T00:00:00Z"}},
		{"", []string{"audit", "list", "--address", "nowhere"}},
		{"", []string{"audit", "list", "--event", "nothing"}},
		{"", []string{"audit", "verify"}},
		{"", []string{"audit", "verify", "--head", strings.Repeat("0", 64)}},
		{"", []string{"audit", "verify", "--head", "x"}},
		{"", []string{"audit", "export"}},
	} {
		want, got := said(t, still, test.stdin, test.args), said(t, live, test.stdin, test.args)
		if got != want {
			t.Errorf("kunci %q says\n%s\nand with a running server\n%s", test.args, want, got)
		}
	}
	p.stop(t)
	if acts := strings.Count(p.text(), `"msg":"operator"`); acts < 50 {
		t.Errorf("the server did %d acts", acts)
	}
	if strings.Contains(p.text(), "@example.com") || strings.Contains(p.text(), "horse") {
		t.Errorf("the log holds what was typed:\n%s", p.text())
	}
}

// random is what differs between two runs of one command; runs of spaces, which
// tables put beside it, are made one.
var random = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}|k2\.(pid|public)\.[\w-]+|20\d\d-\d\d-\d\dT[\d:.]+Z|[0-9a-f]{64}| +`)

// said is all that a command says, and its exit code.
func said(t *testing.T, dir, stdin string, args []string) string {
	t.Helper()
	cmd := program(t, append(args, "--data", dir)...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	text := fmt.Sprintf("exit %d\n%s-- \n%s", cmd.ProcessState.ExitCode(), out.String(), errs.String())
	return random.ReplaceAllStringFunc(strings.ReplaceAll(text, dir, "DIR"), func(match string) string {
		switch {
		case match[0] == ' ':
			return " "
		case strings.Contains(match, ":"):
			return "<time>" // of any length: a fraction's last zeros are left out
		}
		return fmt.Sprintf("<%d>", min(len(match), 30)/10)
	})
}
