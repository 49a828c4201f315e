//go:build unix

package main_test

import (
	"syscall"
	"testing"
)

// TestDevRotatesKeysOnASignal shows that the signal HUP rotates the keys and ends nothing.
func TestDevRotatesKeysOnASignal(t *testing.T) {
	d := develop(t, shopMatrix)
	before := d.keys(t)
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	d.log.wait(t, "the keys are rotated")
	if after := d.keys(t); after == before {
		t.Errorf("the keys are still\n%s", after)
	}
}
