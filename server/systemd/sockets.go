package systemd

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	firstSocket = 3  // SD_LISTEN_FDS_START
	mostSockets = 16 // beyond what anybody means
)

// Socket is a listener that the service manager opened.
type Socket struct {
	Name     string // FileDescriptorName= of its unit; "" where none is said
	Listener net.Listener
}

// Sockets takes over what the service manager opened for process pid, in the
// order in which it hands them over. All must be TCP sockets that listen.
func Sockets(env map[string]string, pid int) (all []Socket, err error) {
	count, err := handed(env, pid)
	if err != nil || count == 0 {
		return nil, err
	}
	names := make([]string, count)
	if listed, set := env["LISTEN_FDNAMES"]; set {
		if names = strings.Split(listed, ":"); len(names) != count {
			return nil, fmt.Errorf("systemd: LISTEN_FDNAMES %q has not as many names as LISTEN_FDS says, %d", listed, count)
		}
	}
	defer func() {
		if err != nil {
			for _, s := range all {
				_ = s.Listener.Close()
			}
			all = nil
		}
	}()
	for i, name := range names {
		l, err := taken(firstSocket+i, name)
		if err != nil {
			return all, fmt.Errorf("systemd: socket %d (%q) of LISTEN_FDS: %w", i+1, name, err)
		}
		all = append(all, Socket{name, l})
	}
	return all, nil
}

// handed is how many sockets are there for this process: those for another
// were left in the environment by it.
func handed(env map[string]string, pid int) (int, error) {
	count, whose := env["LISTEN_FDS"], env["LISTEN_PID"]
	if count == "" || whose == "" {
		return 0, nil
	}
	if n, err := strconv.Atoi(whose); err != nil || n <= 0 {
		return 0, fmt.Errorf("systemd: LISTEN_PID %q is no process: unset it, and LISTEN_FDS", whose)
	} else if n != pid {
		return 0, nil
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 0 || n > mostSockets {
		return 0, fmt.Errorf("systemd: LISTEN_FDS %q is not a number up to %d: unset it, and LISTEN_PID", count, mostSockets)
	}
	return n, nil
}

// taken makes a listener of a descriptor, which is no child's any more.
func taken(fd int, name string) (net.Listener, error) {
	if listens, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN); err != nil || listens == 0 {
		return nil, errors.New("it is no socket that listens: use ListenStream=, and Accept=no")
	}
	unix.CloseOnExec(fd)
	f := os.NewFile(uintptr(fd), name)
	defer func() { _ = f.Close() }() // the listener has a copy
	l, err := net.FileListener(f)
	if err != nil {
		return nil, err
	}
	if _, ok := l.(*net.TCPListener); !ok {
		return nil, errors.Join(fmt.Errorf("it is a %s socket, not one of TCP", l.Addr().Network()), l.Close())
	}
	return l, nil
}
