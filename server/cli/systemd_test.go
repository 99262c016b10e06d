package cli_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// manager hears what a server tells its service manager.
type manager struct {
	*net.UnixConn
	t *testing.T
}

func listenAsManager(t *testing.T, address string) *manager {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &manager{conn, t}
}

// next is the next message, within 20 s.
func (m *manager) next() map[string]string {
	m.t.Helper()
	if err := m.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		m.t.Fatal(err)
	}
	b := make([]byte, 4096)
	n, err := m.Read(b)
	if err != nil {
		m.t.Fatal(err)
	}
	said := map[string]string{}
	for line := range strings.SplitSeq(string(b[:n]), "\n") {
		name, value, _ := strings.Cut(line, "=")
		said[name] = value
	}
	return said
}

// until is the next message that has a name, past signs of life.
func (m *manager) until(name string) map[string]string {
	m.t.Helper()
	for {
		said := m.next()
		if _, has := said[name]; has {
			return said
		}
		if _, alive := said["WATCHDOG"]; !alive {
			m.t.Fatalf("%v was said, before %s", said, name)
		}
	}
}

// A server tells when it serves, reloads and stops, and gives signs of life
// in between.
func TestNotifies(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]string{
		"path": filepath.Join(t.TempDir(), "notify"), "abstract": "@kunci-test-" + strconv.Itoa(os.Getpid()),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := listenAsManager(t, address)
			cmd := program(t, "serve", "--listen", "127.0.0.1:0", "--public-url", publicURL, "--data", filepath.Join(t.TempDir(), "data"))
			cmd.Env = append(cmd.Env, "NOTIFY_SOCKET="+address, "WATCHDOG_USEC=200000")
			p := launch(t, cmd)
			if said := m.until("READY"); said["READY"] != "1" || said["STATUS"] != "serving" {
				t.Errorf("%v", said)
			}
			if !answers(p.says(t, frontPage.String())[1] + "/readyz") {
				t.Error("it said that it is ready, and is not")
			}
			begin := time.Now()
			for range 5 {
				m.until("WATCHDOG")
			}
			if took := time.Since(begin); took > time.Second {
				t.Errorf("five signs of life took %v, not half a second", took)
			}
			if err := p.Process.Signal(syscall.SIGHUP); err != nil {
				t.Fatal(err)
			}
			if at, err := strconv.ParseInt(m.until("RELOADING")["MONOTONIC_USEC"], 10, 64); err != nil || at <= 0 {
				t.Errorf("reloading at %d: %v", at, err)
			}
			m.until("READY")
			p.stop(t)
			m.until("STOPPING")
		})
	}
}

// A server whose disk hangs gives no more signs of life, so that it is
// restarted; one whose disk is full goes on with them, and says so.
func TestHungServerFallsSilent(t *testing.T) {
	if os.Getenv("TEST_LONG") == "" {
		t.Skip("it takes half a minute: TEST_LONG=1")
	}
	if _, err := exec.LookPath("strace"); err != nil || os.Geteuid() != 0 {
		t.Skip("it needs strace and root")
	}
	t.Parallel()
	for name, test := range map[string]struct {
		fault  string
		silent bool
	}{
		"hung": {"fdatasync:delay_enter=300000000", true}, "full": {"pwrite64:error=ENOSPC", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := listenAsManager(t, filepath.Join(t.TempDir(), "notify"))
			cmd := program(t, "serve", "--listen", "127.0.0.1:0", "--public-url", publicURL, "--data", filepath.Join(t.TempDir(), "data"))
			cmd.Env = append(cmd.Env, "NOTIFY_SOCKET="+m.LocalAddr().String(), "WATCHDOG_USEC=2000000")
			p := launch(t, cmd)
			m.until("READY")
			call, _, _ := strings.Cut(test.fault, ":")
			launch(t, exec.Command("strace", "-qq", "-f", "-o", "/dev/null", "-e", "trace="+call, "-e", "inject="+test.fault, "-p", strconv.Itoa(p.Process.Pid)))
			if !test.silent {
				if said := m.until("STATUS")["STATUS"]; said != "serving, but the store does not read and write: see the log" {
					t.Errorf("it says %q", said)
				}
			}
			silent := false
			for end := time.Now().Add(answeredWithin + 15*time.Second); !silent && time.Now().Before(end); {
				if err := m.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
					t.Fatal(err)
				}
				_, err := m.Read(make([]byte, 4096))
				silent = err != nil
			}
			if silent != test.silent {
				t.Errorf("silent: %v\n%s", silent, p.text())
			}
		})
	}
}

// answeredWithin is how long the store may be silent before the server is.
const answeredWithin = 20 * time.Second

// activated is a command as a service manager starts it that has opened
// sockets: LISTEN_PID is only known then.
func activated(t *testing.T, env []string, listeners []net.Listener, args ...string) *exec.Cmd {
	t.Helper()
	inner := program(t, args...)
	cmd := exec.Command("/bin/sh", append([]string{"-c", `LISTEN_PID=${LISTEN_PID:-$$} exec "$0" "$@"`, inner.Path}, args...)...)
	cmd.Env = append(inner.Env, env...)
	for _, l := range listeners {
		f := done(l.(interface{ File() (*os.File, error) }).File())(t)
		t.Cleanup(func() { _ = f.Close() })
		cmd.ExtraFiles = append(cmd.ExtraFiles, f)
	}
	return cmd
}

func tcp(t *testing.T) net.Listener {
	t.Helper()
	l := done(net.Listen("tcp", "127.0.0.1:0"))(t)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// Sockets that the service manager opened take the place of --listen.
func TestSocketActivation(t *testing.T) {
	t.Parallel()
	for _, env := range [][]string{{"LISTEN_FDS=1"}, {"LISTEN_FDS=1", "LISTEN_FDNAMES=kunci"}, {"LISTEN_FDS=1", "LISTEN_FDNAMES=https"}} {
		l := tcp(t)
		p := launch(t, activated(t, env, []net.Listener{l}, "serve", "--listen", "127.0.0.1:1", "--public-url", publicURL, "--data", filepath.Join(t.TempDir(), "data")))
		p.says(t, "ready: the store reads and writes")
		if at := p.says(t, frontPage.String())[1]; at != "http://"+l.Addr().String() || !answers(at+"/readyz") {
			t.Errorf("%q: it serves at %s, not %s\n%s", env, at, l.Addr(), p.text())
		}
		p.stop(t)
	}
}

// Both sockets of a server with certificates of its own, in either order.
func TestSocketActivationOfHTTPS(t *testing.T) {
	t.Parallel()
	secure, plain := tcp(t), tcp(t)
	p := launch(t, activated(t, []string{"LISTEN_FDS=2", "LISTEN_FDNAMES=http:https"}, []net.Listener{plain, secure},
		"serve", "--domain", "auth.example.com", "--acme-url", "https://127.0.0.1:1/dir", "--data", filepath.Join(t.TempDir(), "data")))
	if at := p.says(t, `"url":"(https://[^"\s]+)/"`)[1]; at != "https://"+secure.Addr().String() {
		t.Errorf("it serves at %s, not %s", at, secure.Addr())
	}
	if got := done(client(plain.Addr().String(), nil).Get("http://auth.example.com/"))(t); got.StatusCode != 301 {
		t.Errorf("plain HTTP is answered with %s", got.Status)
	}
	p.says(t, "the ACME server can't be reached")
	p.stop(t)
}

// What a service manager would not say is refused in a line, before anything
// is touched.
func TestNonsenseOfServiceManagers(t *testing.T) {
	t.Parallel()
	unix := done(net.Listen("unix", filepath.Join(t.TempDir(), "socket")))(t)
	t.Cleanup(func() { _ = unix.Close() })
	for _, test := range []struct {
		env       []string
		listeners []net.Listener
		says      string
	}{
		{[]string{"LISTEN_FDS=garbage"}, nil, `LISTEN_FDS "garbage" is not a number up to 16`},
		{[]string{"LISTEN_FDS=-1"}, nil, `LISTEN_FDS "-1" is not a number`},
		{[]string{"LISTEN_FDS=17"}, nil, `LISTEN_FDS "17" is not a number`},
		{[]string{"LISTEN_FDS=1", "LISTEN_PID=me"}, nil, `LISTEN_PID "me" is no process`},
		{[]string{"LISTEN_FDS=1"}, nil, "it is no socket that listens"},
		{[]string{"LISTEN_FDS=1", "LISTEN_FDNAMES=a:b"}, []net.Listener{tcp(t)}, "has not as many names as LISTEN_FDS says, 1"},
		{[]string{"LISTEN_FDS=1", "LISTEN_FDNAMES=kunci.socket"}, []net.Listener{tcp(t)}, `a socket is called "kunci.socket": call it https or kunci`},
		{[]string{"LISTEN_FDS=1", "LISTEN_FDNAMES=http"}, []net.Listener{tcp(t)}, `a socket is called "http", which is for plain HTTP beside --domain`},
		{[]string{"LISTEN_FDS=2"}, []net.Listener{tcp(t), tcp(t)}, `a socket is called ""`},
		{[]string{"LISTEN_FDS=2", "LISTEN_FDNAMES=kunci:https"}, []net.Listener{tcp(t), tcp(t)}, `a second socket is called "https"`},
		{[]string{"LISTEN_FDS=1", "LISTEN_FDNAMES=kunci"}, []net.Listener{unix}, "it is a unix socket, not one of TCP"},
		{[]string{"NOTIFY_SOCKET=notify"}, nil, `NOTIFY_SOCKET "notify" is neither a path nor an abstract socket`},
		{[]string{"NOTIFY_SOCKET=/nowhere", "WATCHDOG_USEC=soon"}, nil, `WATCHDOG_USEC "soon" is not a number of microseconds`},
		{[]string{"NOTIFY_SOCKET=/nowhere", "WATCHDOG_USEC=0"}, nil, `WATCHDOG_USEC "0" is not`},
	} {
		data := filepath.Join(t.TempDir(), "data")
		p := launch(t, activated(t, test.env, test.listeners, "serve", "--listen", "127.0.0.1:0", "--public-url", publicURL, "--data", data))
		err := p.end(t)
		if text := p.text(); err == nil || !strings.HasPrefix(text, "kunci: ") || !strings.Contains(text, test.says) || strings.Count(text, "\n") != 1 {
			t.Errorf("%q: %v, and not %s\n%s", test.env, err, test.says, text)
		}
		if _, err := os.Stat(data); err == nil {
			t.Errorf("%q: the data folder was made", test.env)
		}
	}
}

// What was meant for another process, or can't be reached, does no harm.
func TestServiceManagersOfOthers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		env  []string
		says string
	}{
		{[]string{"LISTEN_FDS=garbage", "LISTEN_PID=1"}, `"msg":"serving"`},
		{[]string{"LISTEN_FDS="}, `"msg":"serving"`},
		{[]string{"NOTIFY_SOCKET=/nowhere/notify"}, "the service manager can't be told"},
	} {
		p := launch(t, activated(t, test.env, nil, "serve", "--listen", "127.0.0.1:0", "--public-url", publicURL, "--data", filepath.Join(t.TempDir(), "data")))
		p.says(t, test.says)
		p.stop(t)
	}
}

// A data folder may be reached by a link, as that of a dynamic user is.
func TestStateFolderByLink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "private", "kunci"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("private/kunci", filepath.Join(dir, "kunci")); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "kunci")
	p := serve(t, data)
	if code, out, errs := ran(t, "healthcheck", "--data", data); code != 0 || out != "ready\n" {
		t.Errorf("healthcheck: %d %s%s", code, out, errs)
	}
	if code, _, errs := ran(t, "company", "add", "Acme", "--data", data); code != 0 {
		t.Errorf("company add: %s", errs)
	}
	p.stop(t)
	serve(t, data).stop(t)
}
