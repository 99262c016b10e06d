package metrics_test

import (
	"errors"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"kunci/server/metrics"
)

// scrape is every line with a value, by its name with labels.
func scrape(t *testing.T, m *metrics.Metrics) map[string]string {
	t.Helper()
	var b strings.Builder
	if _, err := m.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	for line := range strings.Lines(b.String()) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		if at < 0 {
			t.Fatalf("a line without a value: %q", line)
		}
		if _, again := values[line[:at]]; again {
			t.Errorf("%s stands twice", line[:at])
		}
		values[line[:at]] = strings.TrimSpace(line[at:])
	}
	return values
}

// hold fails the test where a number is not as wanted; "" wants none.
func hold(t *testing.T, got map[string]string, want map[string]string) {
	t.Helper()
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %q, want %q", name, got[name], value)
		}
	}
}

func TestCounted(t *testing.T) {
	t.Parallel()
	m := metrics.New("v1.2.3", "go1.26")
	m.ExpectActs("sign-in", []string{"smart", ""}, []string{"ok", "wrong"})
	m.Expect("kunci_limits_total", "rule", []string{"failures per hour"})
	m.Acted("sign-in", "smart", "ok")
	m.Acted("sign-in", "smart", "ok")
	m.Acted("sign-out", "pwa", "busy")
	m.Acted("reset", "", "ok")
	m.Limited("identifier")
	m.Mailed("sent")
	m.BackedUp("failed")
	m.Refused()
	m.Committed(3*time.Millisecond, 7, nil)
	m.Committed(time.Hour, 7, errors.New("disk full"))
	m.Waited(0)
	m.Hashed(60 * time.Millisecond)
	m.Hashed(time.Minute)
	m.Gauge("kunci_accounts", func() float64 { return 1_234_567 })
	m.Gauge("kunci_part_ok", metrics.Truth(func() bool { return true }), "part", "mail")
	hold(t, scrape(t, m), map[string]string{
		`kunci_sign_ins_total{dialect="smart",outcome="ok"}`:      "2",
		`kunci_sign_ins_total{dialect="smart",outcome="wrong"}`:   "0",
		`kunci_sign_ins_total{dialect="page",outcome="wrong"}`:    "0",
		`kunci_sign_ins_total{dialect="pwa",outcome="ok"}`:        "",
		`kunci_sign_outs_total{dialect="pwa",outcome="busy"}`:     "1",
		`kunci_resets_total{dialect="page",outcome="ok"}`:         "1",
		`kunci_limits_total{rule="failures per hour"}`:            "0",
		`kunci_limits_total{rule="identifier"}`:                   "1",
		`kunci_mail_attempts_total{outcome="sent"}`:               "1",
		`kunci_backups_total{outcome="failed"}`:                   "1",
		`kunci_hash_refusals_total`:                               "1",
		`kunci_store_failures_total`:                              "1",
		`kunci_store_commit_duration_seconds_count`:               "1",
		`kunci_store_commit_duration_seconds_bucket{le="0.0025"}`: "0",
		`kunci_store_commit_duration_seconds_bucket{le="0.005"}`:  "1",
		`kunci_store_commit_acts_sum`:                             "7",
		`kunci_store_commit_acts_bucket{le="8"}`:                  "1",
		`kunci_hash_wait_duration_seconds_bucket{le="0.005"}`:     "1",
		`kunci_hash_duration_seconds_bucket{le="0.05"}`:           "0",
		`kunci_hash_duration_seconds_bucket{le="0.1"}`:            "1",
		`kunci_hash_duration_seconds_bucket{le="8"}`:              "1",
		`kunci_hash_duration_seconds_bucket{le="+Inf"}`:           "2",
		`kunci_hash_duration_seconds_sum`:                         "60.06",
		`kunci_hash_duration_seconds_count`:                       "2",
		`kunci_accounts`:                                          "1234567",
		`kunci_part_ok{part="mail"}`:                              "1",
		`kunci_build_info{version="v1.2.3",go="go1.26"}`:          "1",
	})
}

// Routes are counted by their pattern and status, however many ask at once, and
// a request that was seen before costs no memory.
func TestRoutes(t *testing.T) { // alone, since it counts allocations
	m := metrics.New("v1", "go1")
	login, astray := m.Route("/api/login"), m.Route("")
	again := m.Route("/api/login") // as GET and HEAD are
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 500 {
				login(200+i%3, 20*time.Millisecond)
				astray(404, time.Second)
			}
			if _, err := m.WriteTo(new(strings.Builder)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	again(200, 0)
	hold(t, scrape(t, m), map[string]string{
		`kunci_http_requests_total{route="/api/login",status="200"}`:                "1337",
		`kunci_http_requests_total{route="/api/login",status="201"}`:                "1336",
		`kunci_http_requests_total{route="/api/login",status="202"}`:                "1328",
		`kunci_http_requests_total{route="",status="404"}`:                          "4000",
		`kunci_http_request_duration_seconds_count{route="/api/login"}`:             "4001",
		`kunci_http_request_duration_seconds_bucket{route="/api/login",le="0.01"}`:  "1",
		`kunci_http_request_duration_seconds_bucket{route="/api/login",le="0.025"}`: "4001",
		`kunci_http_request_duration_seconds_sum{route=""}`:                         "4000",
		`kunci_http_request_duration_seconds_bucket{route="/api/login",le="+Inf"}`:  "4001",
	})
	if n := testing.AllocsPerRun(100, func() { login(200, time.Millisecond) }); n != 0 {
		t.Errorf("a request costs %v allocations", n)
	}
}

var header = regexp.MustCompile(`^# (HELP|TYPE) (kunci_[a-z_]+) (.+)\n$`)

// Every family of ours says what it is, once, before its values.
func TestHelpAndType(t *testing.T) {
	t.Parallel()
	m := metrics.New("v1", "go1")
	m.Route("/")(200, time.Millisecond)
	m.Acted("sign-in", "smart", "ok")
	var b strings.Builder
	if _, err := m.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	told := map[string]string{}
	for line := range strings.Lines(b.String()) {
		if h := header.FindStringSubmatch(line); h != nil {
			if told[h[1]+h[2]] != "" {
				t.Errorf("told twice: %s", line)
			}
			told[h[1]+h[2]] = h[3]
			continue
		}
		family, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		family, _, _ = strings.Cut(family, "{")
		if !strings.HasPrefix(family, "kunci_") {
			continue
		}
		kind := told["TYPE"+family]
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			if base, ok := strings.CutSuffix(family, suffix); ok && told["TYPE"+base] == "histogram" {
				family, kind = base, "histogram"
			}
		}
		if counter := strings.HasSuffix(family, "_total"); counter != (kind == "counter") || kind == "" || told["HELP"+family] == "" {
			t.Errorf("%s is of type %q, and says %q", family, kind, told["HELP"+family])
		}
	}
	if told["TYPEkunci_sign_ins_total"] != "counter" || told["TYPEkunci_build_info"] != "gauge" || told["TYPEkunci_hash_duration_seconds"] != "histogram" {
		t.Errorf("types: %v", told)
	}
}

// A name that is not in the table is a slip that shows at the start.
func TestUnknownFamily(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("it was taken")
		}
	}()
	metrics.New("v1", "go1").Gauge("kunci_misspelt", func() float64 { return 0 })
}

// What counting costs a request.
func BenchmarkRoute(b *testing.B) {
	told := metrics.New("v1", "go1").Route("/api/auth/me")
	b.ReportAllocs()
	for b.Loop() {
		told(200, 20*time.Microsecond)
	}
}
