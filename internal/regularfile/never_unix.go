//go:build unix

package regularfile

import "syscall"

// never are the flags by which an open neither waits for another process, nor
// makes a terminal that of this one.
const never = syscall.O_NONBLOCK | syscall.O_NOCTTY
