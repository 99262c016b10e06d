package cli_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// With --follow, what comes is printed as it comes, until the command is
// interrupted, which is no failure, or the server ends.
func TestAuditFollow(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	p := serve(t, dir, "--dev")
	for _, ends := range []string{"interrupted", "server"} {
		cmd := program(t, "audit", "list", "--follow", "--json", "--limit", "1", "--dialect", "snapotp", "--data", dir)
		var errs bytes.Buffer
		cmd.Stderr = &errs
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		next := func(outcome string) {
			t.Helper()
			var e struct{ Event, Outcome string }
			if !lines.Scan() || json.Unmarshal(lines.Bytes(), &e) != nil || e.Event != "sign-in" || e.Outcome != outcome {
				t.Errorf("%q, want a sign-in with the outcome %s; %s", lines.Text(), outcome, errs.String())
			}
		}
		if ends == "server" {
			next("wrong_password") // the last there was before
		}
		if status, answer := p.ask(t, "/api/auth/login", "", `{"username": "johndoe", "password": "secret123"}`); status != 200 {
			t.Fatalf("%d %s", status, answer)
		}
		next("ok")
		if status, answer := p.ask(t, "/api/auth/login", "", `{"username": "nobody", "password": "secret123"}`); status != 401 {
			t.Fatalf("%d %s", status, answer)
		}
		next("wrong_password")
		if ends == "interrupted" {
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil || errs.Len() > 0 {
				t.Errorf("interrupted: %v, %s", err, errs.String())
			}
			continue
		}
		p.stop(t)
		if err := cmd.Wait(); err == nil || !strings.Contains(errs.String(), "the running server has ended") {
			t.Errorf("at the server's end: %v, %s", err, errs.String())
		}
	}
}
