//go:build !unix

package idp

import "os/exec"

// leadGroup does nothing: no server starts without a shell.
func leadGroup(*exec.Cmd) {}
