package cli_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"kunci/server/metrics"
)

var scrapedAt = regexp.MustCompile(`"metrics":"(http://[^"]+)"`)

// scrape is what a server tells, and each number of it by its name with labels.
func (p *process) scrape(t testing.TB) (text string, numbers map[string]string) {
	t.Helper()
	m := scrapedAt.FindStringSubmatch(p.text())
	if m == nil {
		t.Fatalf("the server names no metrics\n%s", p.text())
	}
	got, err := http.Get(m[1])
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = got.Body.Close() }()
	raw, err := io.ReadAll(got.Body)
	if err != nil || got.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d, %v", m[1], got.StatusCode, err)
	}
	numbers = map[string]string{}
	for line := range strings.Lines(string(raw)) {
		if at := strings.LastIndexByte(line, ' '); at > 0 && line[0] != '#' {
			numbers[line[:at]] = strings.TrimSpace(line[at:])
		}
	}
	return string(raw), numbers
}

// watched starts a server that may be scraped and backs up, once what it does by
// itself at a start is done.
func watched(t testing.TB, dir string, args ...string) *process {
	t.Helper()
	p := serve(t, dir, append([]string{"--dev", "--metrics-listen", "127.0.0.1:0", "--backup-dir", filepath.Join(t.TempDir(), "backups")}, args...)...)
	until(t, "measured floor and backup", func() bool {
		return strings.Contains(p.text(), "refused after a fixed time") && strings.Contains(p.text(), `"backed up"`)
	})
	return p
}

const ashaPassword = "S3same, open!"

// acts are some of each kind, and what is to be counted of them.
func (p *process) acts(t testing.TB) map[string]string {
	t.Helper()
	for _, act := range []struct {
		path, body string
		status     int
	}{
		{"/api/auth/register", `{"username":"asha","email":"asha@example.com","password":"` + ashaPassword + `","name":"Asha"}`, 201},
		{"/api/auth/register", `{"username":"asha","email":"asha@example.com","password":"` + ashaPassword + `","name":"Asha"}`, 409},
		{"/api/auth/login", `{"username":"asha","password":"` + ashaPassword + `"}`, 200},
		{"/api/auth/login", `{"username":"asha@example.com","password":"` + ashaPassword + `"}`, 200},
		{"/api/auth/login", `{"username":"asha","password":"not hers"}`, 401},
		{"/api/auth/login", `{"username":"nobody-there","password":"not hers"}`, 401},
		{"/api/v1/login", `{"email":"pwa-user@mail.com","password":"Tes12345!"}`, 200},
		{"/api/v1/auth/login", `{"email":"email@pmpsmart.com","password":"rahasia-smart"}`, 200},
		{"/api/v1/auth/login", `{"username":"asha@example.com","password":"` + ashaPassword + `"}`, 403},
		{"/api/auth/forgot-password", `{"email":"asha@example.com"}`, 200},
		{"/api/auth/reset-password", `{"token":"nothing","password":"` + ashaPassword + `"}`, 400},
		{"/api/v1/auth/logout", ``, 401},
		{"/api/v1/auth/login", `{"em`, 400},
		{"/nowhere/asha@example.com", ``, 404},
	} {
		if status, answer := p.ask(t, act.path, "198.51.100.77", act.body); status != act.status {
			t.Fatalf("%s: %d, want %d: %s", act.path, status, act.status, answer)
		}
	}
	return map[string]string{
		`kunci_sign_ups_total{dialect="snapotp",outcome="ok"}`:                          "1",
		`kunci_sign_ups_total{dialect="snapotp",outcome="refused"}`:                     "1",
		`kunci_sign_ins_total{dialect="snapotp",outcome="ok"}`:                          "2",
		`kunci_sign_ins_total{dialect="snapotp",outcome="wrong"}`:                       "2",
		`kunci_sign_ins_total{dialect="pwa",outcome="ok"}`:                              "1",
		`kunci_sign_ins_total{dialect="smart",outcome="ok"}`:                            "1",
		`kunci_sign_ins_total{dialect="smart",outcome="wrong"}`:                         "0",
		`kunci_sign_ins_total{dialect="dashboard",outcome="refused"}`:                   "1",
		`kunci_sign_ins_total{dialect="shoop",outcome="ok"}`:                            "0",
		`kunci_forgots_total{dialect="snapotp",outcome="ok"}`:                           "1",
		`kunci_resets_total{dialect="snapotp",outcome="wrong"}`:                         "1",
		`kunci_sign_outs_total{dialect="smart",outcome="wrong"}`:                        "1",
		`kunci_http_requests_total{route="/api/auth/login",status="200"}`:               "2",
		`kunci_http_requests_total{route="/api/auth/login",status="401"}`:               "2",
		`kunci_http_requests_total{route="/api/v1/auth/login",status="200"}`:            "1",
		`kunci_http_requests_total{route="/api/v1/auth/login",status="400"}`:            "1",
		`kunci_http_requests_total{route="/api/v1/auth/login",status="403"}`:            "1",
		`kunci_http_requests_total{route="",status="404"}`:                              "1",
		`kunci_http_request_duration_seconds_count{route="/api/auth/login"}`:            "4",
		`kunci_http_request_duration_seconds_bucket{route="/api/auth/login",le="+Inf"}`: "4",
		`kunci_limits_total{rule="failures per minute"}`:                                "0",
		`kunci_hash_refusals_total`:                                                     "0",
		`kunci_store_failures_total`:                                                    "0",
		`kunci_backups_total{outcome="ok"}`:                                             "1",
		`kunci_backups_total{outcome="failed"}`:                                         "0",
		`kunci_backup_interval_seconds`:                                                 "86400",
		`kunci_certificate_not_after_timestamp_seconds`:                                 "NaN",
		`kunci_ready`:                   "1",
		`kunci_part_ok{part="store"}`:   "1",
		`kunci_part_ok{part="keys"}`:    "1",
		`kunci_part_ok{part="backups"}`: "1",
		`kunci_part_ok{part="hashing"}`: "1",
	}
}

// Numbers are exact, begin anew with the process, and say of nobody who it was.
func TestMetrics(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	p := watched(t, dir, "--trusted-proxies", "127.0.0.1")
	_, before := p.scrape(t)
	want := p.acts(t)
	var text string
	var got map[string]string
	until(t, "mail sent", func() bool {
		text, got = p.scrape(t)
		return got[`kunci_mail_attempts_total{outcome="sent"}`] == "2" // confirm, reset
	})
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %q, want %q", name, got[name], value)
		}
	}
	// Seven sign-ins and one sign-up came to a hash, none of them in vain.
	hashes := func(numbers map[string]string, name string) (n int) { _, _ = fmt.Sscan(numbers[name], &n); return n }
	for _, name := range []string{"kunci_hash_duration_seconds_count", "kunci_hash_wait_duration_seconds_count"} {
		if n := hashes(got, name) - hashes(before, name); n != 8 {
			t.Errorf("%s rose by %d, want 8", name, n)
		}
	}
	for _, name := range []string{"kunci_store_commit_duration_seconds_count", "kunci_store_bytes", "kunci_backup_last_success_timestamp_seconds", "kunci_census_timestamp_seconds"} {
		if hashes(got, name) <= 0 {
			t.Errorf("%s is %q", name, got[name])
		}
	}
	for _, secret := range []string{"asha", "Asha", "example.com", "nobody", "nowhere", "pmpsmart", "198.51.100", "v2.public", "S3same", dir} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in what is told", secret)
		}
	}
	p.stop(t)
	p = watched(t, dir)
	until(t, "census", func() bool { _, got = p.scrape(t); return got["kunci_accounts"] != "NaN" })
	for name, value := range map[string]string{
		"kunci_accounts": "6", "kunci_sessions": "5", "kunci_mails_waiting": "0", "kunci_mails_retrying": "0", "kunci_mail_oldest_age_seconds": "0",
		`kunci_sign_ins_total{dialect="snapotp",outcome="ok"}`: "0",
	} {
		if got[name] != value {
			t.Errorf("after a restart %s is %q, want %q", name, got[name], value)
		}
	}
	p.stop(t)
}

// Whoever scrapes while many act disturbs nobody, and nothing is lost.
func TestMetricsWhileManyAct(t *testing.T) {
	t.Parallel()
	p := watched(t, filepath.Join(t.TempDir(), "data"))
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 25 {
				if status, answer := p.ask(t, "/api/v1/login", "", `{"email":"pwa-user@mail.com","password":"Tes12345!"}`); status != 200 {
					t.Errorf("%d %s", status, answer)
				}
			}
		})
		all.Go(func() {
			for range 25 {
				p.scrape(t)
			}
		})
	}
	all.Wait()
	if _, got := p.scrape(t); got[`kunci_sign_ins_total{dialect="pwa",outcome="ok"}`] != "100" || got[`kunci_http_requests_total{route="/api/v1/login",status="200"}`] != "100" {
		t.Errorf("of 100 sign-ins %s are counted", got[`kunci_sign_ins_total{dialect="pwa",outcome="ok"}`])
	}
	p.stop(t)
}

var metricName = regexp.MustCompile(`\b(kunci|process|go)_[a-z0-9_]*[a-z0-9]\b`)

// Every metric that the dashboard or an alert names is told by a server, with
// the labels by which it is chosen there.
func TestDashboardAndAlerts(t *testing.T) {
	t.Parallel()
	p := watched(t, filepath.Join(t.TempDir(), "data"))
	p.acts(t)
	text, _ := p.scrape(t)
	p.stop(t)
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(metrics.Dashboard()), &dashboard); err != nil {
		t.Fatal(err)
	}
	var exprs []string
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			exprs = append(exprs, target.Expr)
		}
	}
	if len(exprs) < 30 {
		t.Errorf("the dashboard has %d queries", len(exprs))
	}
	rules := alertRules(t, metrics.Alerts())
	if len(rules) < 10 {
		t.Errorf("there are %d rules", len(rules))
	}
	named := map[string]bool{}
	for _, expr := range append(exprs, rules...) {
		if strings.Count(expr, "(") != strings.Count(expr, ")") || strings.Count(expr, "{") != strings.Count(expr, "}") {
			t.Errorf("%s: its brackets do not match", expr)
		}
		for _, name := range metricName.FindAllString(expr, -1) {
			named[name] = true
			if !regexp.MustCompile(`(?m)^` + name + `[{ ]`).MatchString(text) {
				t.Errorf("%s: no server tells %s", expr, name)
			}
		}
		for _, m := range regexp.MustCompile(`by \(([a-z, ]+)\)|\b([a-z]+)(?:=|!=|=~)"`).FindAllStringSubmatch(expr, -1) {
			for label := range strings.SplitSeq(m[1]+m[2], ", ") {
				if !slices.Contains([]string{"job", "instance"}, label) && !strings.Contains(text, label+`="`) {
					t.Errorf("%s: no server tells a label %s", expr, label)
				}
			}
		}
	}
	faults := strings.Join(rules, "\n")
	acts := regexp.MustCompile(`(?m)^(kunci_[a-z_]+_total)\{dialect="`).FindAllStringSubmatch(text, -1)
	if !strings.Contains(text, `,outcome="failed"}`) || len(acts) == 0 {
		t.Error("no act is told to fail")
	}
	for _, m := range acts {
		if !strings.Contains(faults, m[1]+`{outcome="failed"}`) {
			t.Errorf("no rule sees a fault that %s counts: the answer's status may hide it", m[1])
		}
	}
	for name := range named {
		if strings.HasPrefix(name, "kunci_") {
			return
		}
	}
	t.Error("none names a metric of ours")
}

var alertLine = regexp.MustCompile(`^( *)(- )?([a-z]+):(?: (.+))?$`)

// alertRules are the expressions of a file of rules. It is YAML of the plainest
// kind: maps and lists by two spaces, values on one line.
func alertRules(t *testing.T, text string) (exprs []string) {
	t.Helper()
	alerts := 0
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		m := alertLine.FindStringSubmatch(line)
		if m == nil || strings.Contains(line, "\t") || len(m[1])%2 != 0 {
			t.Fatalf("%q is no line of a map or list", line)
		}
		switch m[3] {
		case "alert":
			alerts++
		case "expr":
			exprs = append(exprs, m[4])
			if strings.Contains(m[4], ": ") || strings.Contains(m[4], " #") {
				t.Errorf("%q would have to be quoted", m[4])
			}
		case "summary":
			if !strings.HasPrefix(m[4], `"`) || !strings.HasSuffix(m[4], `"`) {
				t.Errorf("%q is not quoted", m[4])
			}
		}
	}
	if alerts != len(exprs) {
		t.Errorf("%d alerts have %d expressions", alerts, len(exprs))
	}
	return exprs
}

// README shows how the files are loaded, and the name of the job that alerts
// take.
func TestReadmeShowsTheJobOfTheAlerts(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(metrics.Alerts(), `job="kunci"`) || !strings.Contains(string(text), "job_name: kunci") {
		t.Error("the alerts are of another job than README's")
	}
}
