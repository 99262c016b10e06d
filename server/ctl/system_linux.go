package ctl

import (
	"cmp"
	"fmt"
	"net"
	"os"
	"syscall"
)

// peerUser is the user at the other end of a connection, as it was when the
// connection was made (unix(7), SO_PEERCRED).
func peerUser(conn *net.UnixConn) (uid int, known bool, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, false, err
	}
	var peer *syscall.Ucred
	var failed error
	err = raw.Control(func(fd uintptr) {
		peer, failed = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	if err != nil || failed != nil {
		return 0, false, fmt.Errorf("ctl: who connects is not known: %w", cmp.Or(err, failed))
	}
	return int(peer.Uid), true, nil
}

// byDescriptor is a short name for a file in an open folder (proc(5)).
func byDescriptor(folder *os.File, name string) (string, error) {
	return fmt.Sprintf("/proc/self/fd/%d/%s", folder.Fd(), name), nil
}
