package cli_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"
)

func TestBench(t *testing.T) {
	t.Parallel()
	binary := builtBinary(t)
	for name, test := range map[string]func(*testing.T, string){
		"every scenario":   benchMeasuresEveryScenario,
		"the table":        benchPrintsATableThatFits,
		"a running server": benchOfARunningServer,
		"no kunci":         benchOfWhatIsNoKunci,
		"errors prevail":   benchFailsWhereErrorsPrevail,
		"a full disk":      benchOnAFullDisk,
		"interrupted":      benchInterrupted,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, binary)
		})
	}
}

// benchmarked runs the built binary's bench in a folder that must be as empty
// afterwards as before.
func benchmarked(t *testing.T, binary string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command(binary, append([]string{"bench", "--folder", dir, "--argon2-memory", "7", "--argon2-time", "1", "--clients", "8"}, args...)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.Env = []string{"HOME=" + dir, "KUNCI_LISTEN=256.0.0.1:0"} // a setting of somebody's server, not of ours
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v is left in the folder (%v)", left, err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// benchResult is what programs may rely on.
type benchResult struct {
	CPUs     int `json:"cpus"`
	Settings struct {
		Accounts  int     `json:"accounts"`
		DurationS float64 `json:"duration_s"`
	} `json:"settings"`
	HashMS  *float64 `json:"hash_ms"`
	Results []struct {
		Scenario        string         `json:"scenario"`
		What            string         `json:"what"`
		Answers         int            `json:"answers"`
		RatePerS        *float64       `json:"rate_per_s"`
		Ratio           *float64       `json:"ratio"`
		P50MS           *float64       `json:"p50_ms"`
		P999MS          *float64       `json:"p999_ms"`
		CPUPerRequestUS *float64       `json:"cpu_per_request_us"`
		MemoryMiB       *float64       `json:"memory_mib"`
		BytesPerAccount *float64       `json:"bytes_per_account"`
		Errors          map[string]int `json:"errors"`
		Refused         map[string]int `json:"refused"`
	} `json:"results"`
	Advice []string `json:"advice"`
}

func benchMeasuresEveryScenario(t *testing.T, binary string) {
	code, stdout, stderr := benchmarked(t, binary, "--json", "--accounts", "50", "--duration", "100ms", "--rate", "100")
	var got benchResult
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || code != 0 {
		t.Fatalf("exit %d, %v\n%s%s", code, err, stdout, stderr)
	}
	if got.CPUs < 1 || got.Settings.Accounts != 50 || got.Settings.DurationS != 0.1 || got.HashMS == nil || len(got.Advice) < 3 {
		t.Errorf("about the run: %+v", got)
	}
	for _, line := range strings.Split(strings.TrimSpace(stderr), "\n") {
		if !strings.HasPrefix(line, "bench: ") {
			t.Errorf("on stderr stands more than progress: %s", line)
		}
	}
	want := []string{
		"import/accounts", "start/50 accounts", "me/hello world", "me/first use", "me/8 clients", "mixed/me, open loop", "mixed/me + sign-ins", "mixed/sign-ins",
		"login/16 clients", "login/200 at once", "logout/8 clients", "logout/1 client", "logout/store, 8 at once", "logout/store, 1 at once", "register/8 clients",
	}
	held := []string{"me/8 clients", "mixed/sign-ins", "login/16 clients", "logout/8 clients", "logout/1 client", "logout/store, 8 at once", "logout/store, 1 at once", "register/8 clients"}
	var rows []string
	for _, r := range got.Results {
		name := r.Scenario + "/" + r.What
		rows = append(rows, name)
		if r.Answers == 0 || r.RatePerS == nil && r.Scenario != "start" || r.P50MS == nil && r.Scenario != "import" {
			t.Errorf("%s measured nothing: %+v", name, r)
		}
		if len(r.Errors) > 0 || len(r.Refused) > 0 && r.What != "200 at once" {
			t.Errorf("%s: errors %v, refused %v", name, r.Errors, r.Refused)
		}
		if slices.Contains(held, name) && (r.Ratio == nil || *r.Ratio <= 0) {
			t.Errorf("%s is held to nothing", name)
		}
		if r.Scenario == "me" && (r.CPUPerRequestUS == nil || r.MemoryMiB == nil) && procfs() {
			t.Errorf("%s: neither CPU nor memory is seen: %+v", name, r)
		}
		if r.Scenario == "import" && (r.Answers != 50 || r.BytesPerAccount == nil) {
			t.Errorf("import: %+v", r)
		}
	}
	if !slices.Equal(rows, want) {
		t.Errorf("rows %q, want %q", rows, want)
	}
}

func procfs() bool {
	_, err := os.Stat("/proc/self/schedstat")
	return err == nil
}

func benchPrintsATableThatFits(t *testing.T, binary string) {
	code, stdout, stderr := benchmarked(t, binary, "--accounts", "1010", "--duration", "50ms", "me", "start", "import")
	if code != 0 {
		t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
	}
	for line := range strings.Lines(stdout) {
		if n := utf8.RuneCountInString(strings.TrimSpace(line)); n > 100 {
			t.Errorf("%d characters: %s", n, line)
		}
	}
	for _, want := range []string{"SCENARIO", "YARDSTICK", "start     1010 accounts", "hello world", "bytes of data file for each account", "OWASP's minimum"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("it does not say %q:\n%s", want, stdout)
		}
	}
}

// A server of somebody else's is measured through its API.
func benchOfARunningServer(t *testing.T, binary string) {
	cheap := []string{"--argon2-memory", "7", "--argon2-time", "1", "--no-demo"}
	base := serveDev(t, binary, cheap...)
	code, stdout, stderr := benchmarked(t, binary, "--url", base, "--json", "--accounts", "20", "--duration", "100ms", "me", "logout")
	var got benchResult
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || code != 0 || len(got.Results) != 5 {
		t.Fatalf("exit %d, %v\n%s%s", code, err, stdout, stderr)
	}
	if r := got.Results[2]; r.Answers == 0 || r.CPUPerRequestUS != nil || r.MemoryMiB != nil {
		t.Errorf("a process of which nothing can be seen: %+v", r)
	}
	closed := serveDev(t, binary, append(cheap, "--sign-up", "none")...)
	code, stdout, stderr = benchmarked(t, binary, "--url", closed, "--accounts", "20", "me")
	if code != 1 || stdout != "" || !strings.Contains(stderr, "kunci: that server signs nobody up") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
}

func benchOfWhatIsNoKunci(t *testing.T, binary string) {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	code, stdout, stderr := benchmarked(t, binary, "me", "--url", s.URL)
	if code != 1 || stdout != "" || !strings.Contains(stderr, "is no kunci: it answers 404") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
}

// Something that looks like kunci and answers errors is measured, and fails.
func benchFailsWhereErrorsPrevail(t *testing.T, binary string) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/.well-known/paseto-keys":
			_, _ = w.Write([]byte(`{"keys": [{}]}`))
		case "/api/auth/register":
			w.WriteHeader(http.StatusCreated)
			_, _ = w.Write([]byte(`{"success": true, "data": {"token": "a-token"}}`))
		default:
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	defer s.Close()
	code, stdout, stderr := benchmarked(t, binary, "me", "--url", s.URL, "--accounts", "3", "--duration", "50ms")
	if code != 1 || !strings.Contains(stdout, "500:") || !strings.Contains(stderr, "kunci: more errors than answers: me, first use (500:3); me, 8 clients (500:") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	if strings.Contains(stdout+stderr, "a-token") {
		t.Error("a token is printed")
	}
}

func benchOnAFullDisk(t *testing.T, binary string) {
	cmd := exec.Command(binary, "bench", "import", "--accounts", "50000", "--argon2-memory", "7", "--argon2-time", "1", "--folder", smallDisk(t, "2m"))
	out, err := cmd.CombinedOutput()
	if err == nil || cmd.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), "is full: name a folder on another with --folder, or fewer --accounts") {
		t.Errorf("%v\n%s", err, out)
	}
}

// Ctrl-C leaves neither a server nor a folder behind.
func benchInterrupted(t *testing.T, binary string) {
	dir := t.TempDir()
	cmd := exec.Command(binary, "bench", "me", "--accounts", "10", "--duration", "1m", "--argon2-memory", "7", "--argon2-time", "1", "--folder", dir)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	server := ""
	for end := time.Now().Add(20 * time.Second); server == "" && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		locks, _ := filepath.Glob(filepath.Join(dir, "kunci-bench-*", "data", "lock"))
		for _, lock := range locks {
			text, _ := os.ReadFile(lock)
			server, _, _ = strings.Cut(string(text), "\n")
		}
	}
	if server == "" {
		t.Fatal("no server was started")
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil || !strings.Contains(errs.String(), "kunci: interrupted") {
		t.Errorf("%v\n%s", err, errs.String())
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v is left in the folder (%v)", left, err)
	}
	if _, err := os.Stat("/proc/" + server); err == nil {
		t.Errorf("the server %s lives on", server)
	}
}
