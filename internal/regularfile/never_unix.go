//go:build unix

package regularfile

import "syscall"

// never has the flags with which an open does not wait for another process, and does
// not make a terminal the controlling one.
const never = syscall.O_NONBLOCK | syscall.O_NOCTTY
