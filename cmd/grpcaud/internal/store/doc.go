// Package store reads, for commands, which store of revocations they work with, and
// connects to it. No command takes a password as an argument: those of a process are
// there for everybody on the machine to read.
package store
