//go:build !unix

package idp

import "os/exec"

// leadGroup does nothing: where there is no shell, no server starts.
func leadGroup(*exec.Cmd) {}
