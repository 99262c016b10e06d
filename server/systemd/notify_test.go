package systemd_test

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kunci/server/systemd"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Each thing that is told is one datagram, whatever is in a status.
func TestNotifier(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "notify")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	must(t, err)
	t.Cleanup(func() { _ = manager.Close() })
	n, err := systemd.Open(map[string]string{"NOTIFY_SOCKET": path}, 1)
	must(t, err)
	for _, test := range []struct {
		tell func() error
		want string
	}{
		{func() error { return n.Ready("serving") }, "READY=1\nSTATUS=serving"},
		{func() error { return n.Status("a\nREADY=0") }, "STATUS=a READY=0"},
		{n.Watchdog, "WATCHDOG=1"},
		{n.Stopping, "STOPPING=1\nSTATUS=stopping"},
		{n.Reloading, "RELOADING=1\nMONOTONIC_USEC="},
	} {
		must(t, test.tell())
		must(t, manager.SetReadDeadline(time.Now().Add(10*time.Second)))
		b := make([]byte, 512)
		size, err := manager.Read(b)
		must(t, err)
		if got := string(b[:size]); got != test.want && !strings.HasSuffix(test.want, "USEC=") || !strings.HasPrefix(got, test.want) {
			t.Errorf("%q was told, not %q", got, test.want)
		}
	}
	must(t, manager.Close())
	if err := n.Watchdog(); err == nil {
		t.Error("nobody listens, and it was told")
	}
}

// A manager that does not read holds nobody up.
func TestManagerThatDoesNotRead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "notify")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	must(t, err)
	t.Cleanup(func() { _ = manager.Close() })
	n, err := systemd.Open(map[string]string{"NOTIFY_SOCKET": path}, 1)
	must(t, err)
	for begin := time.Now(); n.Watchdog() == nil; {
		if time.Since(begin) > 10*time.Second {
			t.Fatal("it never fills up")
		}
	}
}

func TestWhoIsTold(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		env   map[string]string
		every time.Duration
		fault string
	}{
		{map[string]string{"WATCHDOG_USEC": "1000000"}, 0, ""},
		{map[string]string{"NOTIFY_SOCKET": "/x"}, 0, ""},
		{map[string]string{"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "30000000"}, 15 * time.Second, ""},
		{map[string]string{"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}, 15 * time.Second, ""},
		{map[string]string{"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"}, 0, ""},
		{map[string]string{"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "x"}, 0, "WATCHDOG_USEC"},
		{map[string]string{"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "-1"}, 0, "WATCHDOG_USEC"},
		{map[string]string{"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "99999999999999999999"}, 0, "WATCHDOG_USEC"},
		{map[string]string{"NOTIFY_SOCKET": "x"}, 0, "NOTIFY_SOCKET"},
		{map[string]string{"NOTIFY_SOCKET": "@"}, 0, "NOTIFY_SOCKET"},
		{map[string]string{"NOTIFY_SOCKET": "vsock:2:1"}, 0, "NOTIFY_SOCKET"},
	} {
		n, err := systemd.Open(test.env, 7)
		if (err == nil) != (test.fault == "") || err != nil && !strings.Contains(err.Error(), test.fault) {
			t.Errorf("%v: %v", test.env, err)
		}
		if every := n.Every(); every != test.every {
			t.Errorf("%v: every %v, not %v", test.env, every, test.every)
		}
	}
	var nobody *systemd.Notifier
	must(t, nobody.Ready("serving"))
}

// Sockets of others are left alone, and nonsense is refused, before any
// descriptor is touched.
func TestSocketsOfOthers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		fds, pid, names string
		fine            bool
	}{
		{"", "", "", true}, {"1", "", "", true}, {"x", "", "", true}, {"1", "8", "", true}, {"x", "8", "", true}, {"0", "7", "", true},
		{"x", "7", "", false}, {"-1", "7", "", false}, {"1000000", "7", "", false}, {"1", "x", "", false}, {"1", "0", "", false}, {"1", "7", "a:b", false}, {"2", "7", "a", false},
	} {
		env := map[string]string{"LISTEN_FDS": test.fds, "LISTEN_PID": test.pid}
		if test.names != "" {
			env["LISTEN_FDNAMES"] = test.names
		}
		all, err := systemd.Sockets(env, 7)
		if len(all) != 0 || (err == nil) != test.fine {
			t.Errorf("%v: %v, %v", env, all, err)
		}
	}
}
