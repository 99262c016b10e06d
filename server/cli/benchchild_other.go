//go:build !linux

package cli

import "syscall"

// withParent keeps Ctrl-C for the parent, which ends its children itself.
func withParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
