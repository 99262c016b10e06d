package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Whatever is wrong, the one line that says so says what to do as well.
func TestEveryErrorSaysWhatToDo(t *testing.T) {
	t.Parallel()
	dir, files := dev(t), t.TempDir()
	for name, text := range map[string]string{
		"empty.csv": "", "head.csv": "email,name\n", "bad.csv": "email,name\nno-address,N\n", "quotes.csv": "email,name\na\"b,c\n",
		"wide.csv": "email,wat\n", "junk.tar": "junk", "secret": "", "list.ndjson": "{}\n",
	} {
		if err := os.WriteFile(filepath.Join(files, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(files, "folder.csv"), 0o700); err != nil {
		t.Fatal(err)
	}
	const pw = "Corr3ct horse!\n"
	for _, test := range []struct {
		args, stdin string
		env         []string
	}{
		{args: "nix"}, {args: "user nix"}, {args: "help nix"}, {args: "--wat"}, {args: "user list -w"}, {args: "user show"}, {args: "user show a b"},
		{args: "user show nobody"}, {args: "user show nobody@example.com"}, {args: "user show 77"}, {args: "user set johndoe"}, {args: "user set johndoe --phone"},
		{args: "user set johndoe --role-id x"}, {args: "user set johndoe --verified=x"}, {args: "user set johndoe --made-by x"},
		{args: "user set johndoe --email x"}, {args: "user set johndoe --username x"}, {args: "user set johndoe --latitude x"}, {args: "user set johndoe --company Nope"},
		{args: "user set johndoe --division Marcom"}, {args: "user set johndoe --role Nope --company x --division y"}, {args: "user set johndoe --no-membership --role R"},
		{args: "user set johndoe --username shcode@shoop.dev"}, {args: "user set johndoe --email email@pmpsmart.com"}, {args: "user set johndoe --name  --name x"},
		{args: "user add"}, {args: "user add a@example.com"}, {args: "user add x --name N --no-password"}, {args: "user add john@example.com --name N --no-password"},
		{args: "user add a@example.com --name N"}, {args: "user add a@example.com --name N", stdin: "\n"}, {args: "user add a@example.com --name N", stdin: "short\n"},
		{args: "user add a@example.com --name N", stdin: pw + pw}, {args: "user add a@example.com --name N", stdin: strings.Repeat("x", 9000)},
		{args: "user add a@example.com --name N", stdin: "\xff\xff\xff\xff\xff\xff\xff\xff\n"},
		{args: "user passwd johndoe", stdin: "johndoe\n"}, {args: "user passwd nobody", stdin: pw}, {args: "user delete johndoe"}, {args: "user disable nobody"},
		{args: "company add"}, {args: "company add PT Company"}, {args: "company add Acme --uuid x"}, {args: "division add D"}, {args: "division add D --company Nope"}, {args: "role add Operator"},
		{args: "company set Nope --name X"}, {args: "role set Operator"}, {args: "role delete Operator"}, {args: "role delete Nope"}, {args: "division delete Marcom"},
		{args: "session list nobody"}, {args: "session revoke"}, {args: "session revoke x"}, {args: "session revoke 00000000000000000000000000000000"}, {args: "session revoke --user nobody"},
		{args: "key rotate now"}, {args: "check it"}, {args: "compact it"}, {args: "version it"}, {args: "man it"}, {args: "config it"},
		{args: "backup"}, {args: "backup -"}, {args: "backup FILES/none/b.tar"}, {args: "backup FILES"}, {args: "backup FILES/junk.tar"},
		{args: "restore"}, {args: "restore FILES/none.tar"}, {args: "restore FILES/junk.tar --data FILES/new"}, {args: "restore FILES --data FILES/new"},
		{args: "import"}, {args: "import FILES/none.csv"}, {args: "import FILES/folder.csv"}, {args: "import FILES/empty.csv"}, {args: "import FILES/head.csv"}, {args: "import FILES/bad.csv"},
		{args: "import FILES/bad.csv --dry-run"}, {args: "import FILES/bad.csv --strict"}, {args: "import FILES/quotes.csv"}, {args: "import FILES/wide.csv"}, {args: "import FILES/list.ndjson"},
		{args: "import FILES/junk.tar"}, {args: "import - --format csv --strict"}, {args: "export FILES/none/e.ndjson"}, {args: "export FILES/junk.tar"}, {args: "export FILES"},
		{args: "healthcheck --url x"}, {args: "healthcheck --url http://127.0.0.1:1"}, {args: "user list --data FILES/none"}, {args: "user list --data FILES"}, {args: "user list --data FILES/junk.tar"},
		{args: "serve"}, {args: "serve now"}, {args: "serve --dev --listen x"}, {args: "serve --dev --listen 127.0.0.1:99999"}, {args: "serve --dev --listen 0.0.0.0:1"}, {args: "serve --dev --listen 192.0.2.1:1"},
		{args: "serve --public-url ftp://x"}, {args: "serve --public-url http://example.com"}, {args: "serve --public-url https://example.com/path"}, {args: "serve --public-url https://example.com:99999"},
		{args: "serve --public-url https://" + strings.Repeat("x", 300)}, {args: "serve --dev --admit x"}, {args: "serve --dev --sign-up x"}, {args: "serve --dev --admit none"},
		{args: "serve --dev --admit smart"}, {args: "serve --dev --shoop-status 7"}, {args: "serve --dev --session-lifetime x"}, {args: "serve --dev --argon2-memory 1"}, {args: "serve --dev --argon2-time x"},
		{args: "serve --dev --argon2-memory 256 --argon2-time 10"}, {args: "serve --dev --hash-width x"}, {args: "serve --dev --cors-origin x"}, {args: "serve --dev --cors-origin https://A.example.com/"},
		{args: "serve --dev --trusted-proxies x"}, {args: "serve --dev --log-format x"}, {args: "serve --dev --log-level x"}, {args: "serve --dev --limit-failures-per-hour x"},
		{args: "serve --dev --google-issuer x"}, {args: "serve --dev --facebook-app-id 1"}, {args: "serve --dev", env: []string{"KUNCI_FACEBOOK_APP_SECRET=x"}}, {args: "serve --dev --smtp-url x"},
		{args: "serve --dev --smtp-url smtp://u:p@h:1"}, {args: "serve --dev --smtp-url smtp://h:1?x=y"}, {args: "serve --dev --smtp-url smtp://u@example.com:587"}, {args: "serve --dev --mail-from x"},
		{args: "serve --dev", env: []string{"KUNCI_SMTP_PASSWORD=x"}}, {args: "serve --dev --backup-every x --backup-dir y"}, {args: "serve --dev --backup-keep 3"}, {args: "serve --no-demo --public-url https://x.example.com"},
		{args: "serve --dev", env: []string{"KUNCI_INTROSPECT_SECRET=short"}}, {args: "serve --dev --introspect-secret-file FILES/secret"}, {args: "serve --dev --introspect-secret-file FILES/none"}, {args: "serve --dev --introspect-secret-file FILES"},
		{args: "serve --dev --introspect-secret=x"}, {args: "serve --dev", env: []string{"KUNCI_WAT=1"}}, {args: "serve --dev", env: []string{"KUNCI_INTROSPECT_SECRET=a", "KUNCI_INTROSPECT_SECRET_FILE=b"}},
		{args: "user list", env: []string{"KUNCI_DEV=x"}}, {args: "user list", env: []string{"KUNCI_ARGON2_MEMORY=x"}}, {args: "serve --public-url https://x.example.com"},
		{args: "bench x"}, {args: "bench --url x"}, {args: "bench --duration x"}, {args: "bench --accounts -1"}, {args: "bench --folder FILES/none"},
	} {
		args := strings.Fields(strings.ReplaceAll(test.args, "FILES", files))
		if !strings.Contains(test.args, "--data") {
			args = append(args, "--data", dir)
		}
		cmd := program(t, args...)
		cmd.Env = append(cmd.Env, test.env...)
		cmd.Stdin = strings.NewReader(test.stdin)
		var errs strings.Builder
		cmd.Stderr = &errs
		err := cmd.Run()
		text := errs.String()
		if err == nil || strings.Count(text, "\n") != 1 || !wayOut.MatchString(strings.TrimSpace(text)) {
			t.Errorf("kunci %s %q: %v, %s", test.args, test.env, err, text)
		}
	}
}
