package cli_test

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// The manual page names every command and setting, as their help does, and is
// what formatters of manual pages take without a warning.
func TestManual(t *testing.T) {
	t.Parallel()
	page := fine(t, "man")
	if !regexp.MustCompile(`^\.TH KUNCI 1 20\d\d-\d\d-\d\d "kunci [^"]+"\n\.SH "NAME"\nkunci \\- an authentication server`).MatchString(page) {
		t.Errorf("it begins\n%s", page[:min(len(page), 200)])
	}
	// Hyphens are those of the keyboard, so that what is copied from the page
	// works; no line is a request by accident, and all is ASCII.
	if m := regexp.MustCompile(`(?m)^[^.].*[^\\]--.*|^'.*|^\.[^A-Z].*|^.*[^\n -~].*`).FindString(page); m != "" {
		t.Errorf("not escaped: %s", m)
	}
	all := commands(t)
	for _, command := range []string{"serve", "user add", "session revoke", "backup", "man", "completion", "help"} {
		if all[command] == "" {
			t.Errorf("kunci %s is not in it", command)
		}
	}
	if strings.Contains(page, `bench\-hello`) {
		t.Error("it has what help hides")
	}
	flags := regexp.MustCompile(`(?m)^   --([a-z0-9-]+)`).FindAllStringSubmatch(fine(t, "serve", "--help"), -1)
	for _, m := range flags {
		name := strings.ReplaceAll(m[1], "-", `\-`)
		if !regexp.MustCompile(`(?m)^\.B "\\-\\-` + regexp.QuoteMeta(name) + `[ ",]`).MatchString(page) {
			t.Errorf("--%s is not in it", m[1])
		}
		variable := "KUNCI_" + strings.ToUpper(strings.ReplaceAll(strings.TrimSuffix(m[1], "-file"), "-", "_"))
		if m[1] != "help" && !strings.Contains(page, ".B \""+variable+"\"\n") {
			t.Errorf("%s is not in it", variable)
		}
	}
	if len(flags) < 25 {
		t.Errorf("only %d settings", len(flags))
	}
	for _, formatter := range [][]string{{"mandoc", "-T", "lint", "-W", "style"}, {"groff", "-man", "-T", "utf8", "-ww", "-z"}} {
		if _, err := exec.LookPath(formatter[0]); err != nil {
			continue
		}
		cmd := exec.Command(formatter[0], formatter[1:]...)
		cmd.Stdin = strings.NewReader(page)
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", formatter[0], err, out)
		}
	}
}
