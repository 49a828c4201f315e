//go:build unix

package idp

import (
	"os/exec"
	"syscall"
)

// leadGroup makes cmd the first of a process group of its own.
func leadGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
