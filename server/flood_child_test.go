package server_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// long says whether floods come in full, and are watched to their end.
func long() bool { return os.Getenv("TEST_LONG") != "" }

// Each flood meets a server of its own. By default they are small, and only
// what others notice of them is looked at. None runs beside other tests, whose
// work would count as theirs.
func TestFloods(t *testing.T) {
	binary := buildChild(t)
	t.Run("sign-ins", func(t *testing.T) { floodOfSignIns(t, startChild(t, binary)) })
	t.Run("slow clients", func(t *testing.T) { slowClients(t, startChild(t, binary)) })
	t.Run("idle connections", func(t *testing.T) { idleConnections(t, startChild(t, binary)) })
}

// child is the built binary, serving in a process of its own with default hashes:
// what it costs is seen from outside.
type child struct {
	addr   string
	status string               // what the kernel says of it
	floor  <-chan time.Duration // when it has measured how long refusals take
	stop   func()
}

// buildChild is the binary that TEST_BINARY names, or one built here.
func buildChild(t *testing.T) string {
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

// startChild serves until the test ends, behind a proxy on loopback. Its hashes
// are as wide as on two CPUs, so that bounds of memory hold on any machine.
func startChild(t *testing.T, binary string) *child {
	t.Helper()
	return startChildIn(t, binary, t.TempDir())
}

// startChildIn is startChild in a folder where one may have served before.
func startChildIn(t *testing.T, binary, dir string) *child {
	t.Helper()
	cmd := exec.Command(binary, "serve", "--listen", "127.0.0.1:0", "--public-url", publicURL,
		"--trusted-proxies", "127.0.0.1", "--hash-width", "2", "--log-format", "json")
	cmd.Dir = dir
	cmd.Env = []string{"HOME=" + cmd.Dir}
	stderr, err := cmd.StderrPipe()
	must(t, err)
	must(t, cmd.Start())
	found, floor := make(chan string, 1), make(chan time.Duration, 1)
	go func() {
		defer close(found)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			var line struct {
				URL     string  `json:"url"`
				Seconds float64 `json:"seconds"`
			}
			switch err := json.Unmarshal(lines.Bytes(), &line); {
			case err == nil && line.URL != "":
				found <- line.URL
			case err == nil && line.Seconds > 0:
				floor <- time.Duration(line.Seconds * float64(time.Second))
			}
		}
	}()
	stop := sync.OnceFunc(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		for range found { // until stderr ends
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("serve ended with %v", err)
		}
	})
	t.Cleanup(stop)
	select {
	case base := <-found:
		u, err := url.Parse(base)
		must(t, err)
		return &child{addr: u.Host, status: fmt.Sprintf("/proc/%d/status", cmd.Process.Pid), floor: floor, stop: stop}
	case <-time.After(20 * time.Second):
		t.Fatal("serve named no URL")
		return nil
	}
}

var peakLine = regexp.MustCompile(`(?m)^VmHWM:\s+(\d+) kB$`)

// keepsBelow holds the most memory that the child ever had resident to a bound.
func (c *child) keepsBelow(t *testing.T, mib int) {
	t.Helper()
	status, err := os.ReadFile(c.status)
	if err != nil {
		t.Log("what the child's memory is can't be read here")
		return
	}
	m := peakLine.FindSubmatch(status)
	if m == nil {
		t.Fatalf("no VmHWM in %s", status)
	}
	peak, err := strconv.Atoi(string(m[1]))
	must(t, err)
	t.Logf("resident at most: %d MiB", peak>>10)
	if peak>>10 >= mib {
		t.Errorf("resident: %d MiB, not below %d", peak>>10, mib)
	}
}

// dial opens a connection. A machine that lets a process have too few of them
// has nothing to tell here.
func (c *child) dial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := net.DialTimeout("tcp", c.addr, 20*time.Second)
	if isTooMany(err) {
		t.Skipf("this machine allows too few open files (ulimit -n): %v", err)
	}
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// healthy asks for /healthz, 300 times one after the other, each on a connection
// of its own, and gives how long that took, shortest first.
func (c *child) healthy(t *testing.T) (took []time.Duration) {
	t.Helper()
	for range 300 {
		took = append(took, c.get(t, "/healthz", ""))
	}
	slices.Sort(took)
	return took
}

// meanwhile asks who a token stands for, again and again until done.
func (c *child) meanwhile(t *testing.T, done <-chan struct{}, token string) (took []time.Duration) {
	t.Helper()
	for {
		took = append(took, c.get(t, "/api/auth/me", token))
		select {
		case <-done:
			slices.Sort(took)
			return took
		default:
		}
	}
}

// get tells how long a 200 took.
func (c *child) get(t *testing.T, path, token string) time.Duration {
	t.Helper()
	start := time.Now()
	conn := c.dial(t)
	defer func() { _ = conn.Close() }()
	must(t, conn.SetDeadline(start.Add(20*time.Second)))
	_, err := io.WriteString(conn, get(path).bearer(token).String())
	must(t, err)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	must(t, err)
	if res.StatusCode != 200 {
		t.Fatalf("%s: %d", path, res.StatusCode)
	}
	return time.Since(start)
}

// served holds the 99th of a hundred to a bound.
func served(t *testing.T, took []time.Duration, within time.Duration) {
	t.Helper()
	p99 := took[len(took)*99/100]
	t.Logf("others: median %v, 99th of a hundred %v", took[len(took)/2], p99)
	if p99 > within {
		t.Errorf("the 99th of a hundred other requests took %v, not within %v", p99, within)
	}
}
