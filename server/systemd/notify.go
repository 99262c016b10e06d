package systemd

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// sendWithin bounds how long a manager that does not read holds us up.
const sendWithin = time.Second

// Notifier tells the service manager how the process is. A nil one tells
// nobody.
type Notifier struct {
	addr     *net.UnixAddr
	watchdog time.Duration
}

// Open reads NOTIFY_SOCKET, and WATCHDOG_USEC where it is meant for process
// pid; nil where no manager listens.
func Open(env map[string]string, pid int) (*Notifier, error) {
	path := env["NOTIFY_SOCKET"]
	if path == "" {
		return nil, nil
	}
	if path[0] != '/' && path[0] != '@' || len(path) < 2 {
		return nil, fmt.Errorf("systemd: NOTIFY_SOCKET %q is neither a path nor an abstract socket: unset it", path)
	}
	n := &Notifier{addr: &net.UnixAddr{Name: path, Net: "unixgram"}} // package net knows the @
	every := env["WATCHDOG_USEC"]
	if whose := env["WATCHDOG_PID"]; every == "" || whose != "" && whose != strconv.Itoa(pid) {
		return n, nil
	}
	microseconds, err := strconv.ParseInt(every, 10, 64)
	if err != nil || microseconds <= 0 || microseconds > int64(24*time.Hour/time.Microsecond) {
		return nil, fmt.Errorf("systemd: WATCHDOG_USEC %q is not a number of microseconds within a day: unset it", every)
	}
	n.watchdog = time.Duration(microseconds) * time.Microsecond
	return n, nil
}

// Every is how often Watchdog should be called, half of what the manager waits
// for at most; 0 is never.
func (n *Notifier) Every() time.Duration {
	if n == nil {
		return 0
	}
	return n.watchdog / 2
}

// Ready says that the process does what it was started, or reloaded, for.
func (n *Notifier) Ready(status string) error { return n.send("READY=1", "STATUS="+status) }

// Status says in a line how the process is.
func (n *Notifier) Status(status string) error { return n.send("STATUS=" + status) }

// Reloading says that the process reads its configuration again, until Ready.
func (n *Notifier) Reloading() error {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return fmt.Errorf("systemd: %w", err)
	}
	return n.send("RELOADING=1", "MONOTONIC_USEC="+strconv.FormatInt(now.Nano()/1000, 10))
}

// Stopping says that the process has begun to end.
func (n *Notifier) Stopping() error { return n.send("STOPPING=1", "STATUS=stopping") }

// Watchdog is the sign of life.
func (n *Notifier) Watchdog() error { return n.send("WATCHDOG=1") }

// send sends lines as one datagram.
func (n *Notifier) send(lines ...string) error {
	if n == nil {
		return nil
	}
	conn, err := net.DialUnix(n.addr.Net, nil, n.addr)
	if err != nil {
		return fmt.Errorf("systemd: %w", err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetWriteDeadline(time.Now().Add(sendWithin)); err != nil {
		return fmt.Errorf("systemd: %w", err)
	}
	for i, line := range lines {
		lines[i] = strings.ReplaceAll(line, "\n", " ")
	}
	if _, err := conn.Write([]byte(strings.Join(lines, "\n"))); err != nil {
		return fmt.Errorf("systemd: %w", err)
	}
	return nil
}
