//go:build !linux

package ctl

import (
	"fmt"
	"net"
	"os"
)

// peerUser does not know who connects: here the folder's mode and the socket's
// are what keeps others out.
func peerUser(*net.UnixConn) (uid int, known bool, err error) { return 0, false, nil }

// byDescriptor has no short name for a file in an open folder.
func byDescriptor(folder *os.File, _ string) (string, error) {
	return "", fmt.Errorf("the path of %s is too long for a socket, which holds %d bytes: name a shorter one with --data", folder.Name(), mostAddress)
}
