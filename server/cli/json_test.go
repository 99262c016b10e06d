package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"kunci/db"
	"kunci/db/bolt"
)

// commands are those of the manual page, each with what the page says of it.
func commands(t *testing.T) map[string]string {
	t.Helper()
	page, all := fine(t, "man"), map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\.SS "kunci ([a-z ]+[a-z])`).FindAllStringSubmatchIndex(page, -1) {
		section, _, _ := strings.Cut(page[m[1]:], "\n.S")
		all[page[m[2]:m[3]]] = section
	}
	if len(all) < 30 {
		t.Fatalf("the manual page has %d commands", len(all))
	}
	return all
}

// Every command that says something about data says it as one JSON value with
// --json, and nothing else.
func TestEveryCommandAnswersPrograms(t *testing.T) {
	t.Parallel()
	dir, files := dev(t), t.TempDir()
	people := filepath.Join(files, "people.csv")
	if err := os.WriteFile(people, []byte("email,name\np@example.com,P\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(files, "b.tar")
	p := serve(t, dir, "--dev")
	p.signIn(t)
	session := ""
	if m := regexp.MustCompile(`"id": "([^"]+)"`).FindStringSubmatch(fine(t, "session", "list", "johndoe", "--json", "--data", dir)); m != nil {
		session = m[1]
	}
	tried := map[string]bool{}
	for _, test := range []struct{ args, want string }{
		{"company add Acme", `"name": "Acme"`},
		{"company list", `"members": 0`},
		{"division add Sales --company Acme", `"company": "Acme"`},
		{"division list", `"name": "Sales"`},
		{"role add Clerk", `"name": "Clerk"`},
		{"role list", `"name": "Clerk"`},
		{"company set Acme --name Ajax", `"name": "Ajax"`},
		{"division set Sales --company Ajax --name Shop", `"name": "Shop"`},
		{"role set Clerk --name Chief", `"name": "Chief"`},
		{"division delete Shop --company Ajax", `"name": "Shop"`},
		{"company delete Ajax", `"name": "Ajax"`},
		{"role delete Chief", `"name": "Chief"`},
		{"user add new@example.com --name N --no-password", `"email": "new@example.com"`},
		{"user list", `"email": "new@example.com"`},
		{"user show johndoe", `"id": 1`},
		{"user why johndoe", `"verdict": "`},
		{"audit list --limit 3", `"event": "user-add"`},
		{"audit verify", `"faults": []`},
		{"audit export " + filepath.Join(files, "a.ndjson"), `"entries": `},
		{"user set johndoe --phone 5", `"phone": "5"`},
		{"session list johndoe", `"audience": "snapotp"`},
		{"session revoke " + session, `"sessions_ended": 1`},
		{"session revoke --user johndoe", `"sessions_ended": 0`},
		{"user passwd johndoe", `"sessions_ended": 0`},
		{"user disable johndoe", `"disabled": true`},
		{"user enable johndoe", `"disabled": false`},
		{"user delete new@example.com --yes", `"email": "new@example.com"`},
		{"mail list", `[`},
		{"mail test ada@example.com --mail-from kunci@example.com --smtp-url " + post(t, "").url, `"server": "127.0.0.1:`},
		{"key list", `"signing": true`},
		{"key rotate", `"former": {`},
		{"check", `"ok": true`},
		{"import " + people, `"imported": 1`},
		{"export " + filepath.Join(files, "e.ndjson"), `"with_hashes": false`},
		{"backup " + copied, `"keys": true`},
		{"restore " + copied + " --data " + filepath.Join(files, "new"), `"dev": true`},
		{"healthcheck --url " + p.url, `"ready": true`},
		{"config --dev", `"name": "data"`},
		{"version", `"go": "go`},
		{"compact", `"bytes_before": `},
	} {
		args := strings.Fields(test.args)
		tried[strings.Join(args[:1], " ")], tried[strings.Join(args[:min(2, len(args))], " ")] = true, true
		if args[0] == "compact" {
			p.stop(t) // it alone needs the data for itself
		}
		if args[0] != "restore" && !slices.Contains([]string{"healthcheck", "version"}, args[0]) {
			args = append(args, "--data", dir)
		}
		cmd := program(t, append(args, "--json")...)
		cmd.Stdin = strings.NewReader("a long passphrase\n")
		out, err := cmd.Output()
		var one any
		if err != nil || json.Unmarshal(out, &one) != nil || !strings.Contains(string(out), test.want) {
			t.Errorf("kunci %s --json: %v, %s", test.args, err, out)
		}
	}
	for name, section := range commands(t) {
		json := strings.Contains(section, `.B "\-\-json"`)
		switch mute := slices.Contains([]string{"serve", "help", "man", "completion", "metrics dashboard", "metrics alerts"}, name); {
		case mute == json:
			t.Errorf("kunci %s takes --json: %v", name, json)
		case json && !tried[name] && name != "bench": // which has a test of its own
			t.Errorf("kunci %s --json: nobody has tried it", name)
		}
	}
}

// What check finds is told to programs as well, and the exit status stays.
func TestFaultsForPrograms(t *testing.T) {
	t.Parallel()
	dir := dev(t)
	within(t, dir, func(e *bolt.Engine, _ *db.Store) error {
		return e.Update(t.Context(), func(w db.Writer) error { w.Put("account", make([]byte, 8), []byte("no record")); return nil })
	})
	code, out, errs := ran(t, "check", "--json", "--data", dir)
	var got struct {
		OK     bool     `json:"ok"`
		Faults []string `json:"faults"`
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil || code != 1 || got.OK || len(got.Faults) == 0 || strings.Count(errs, "\n") != 1 {
		t.Errorf("exit %d, %v\n%s%s", code, err, out, errs)
	}
}
