package cli

import "syscall"

// withParent lets the system kill a child whose parent was killed.
func withParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
