//go:build unix

package verifier_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// mkfifo makes a pipe in the place of a file. If the test takes too long, whoever
// waits for it is let go, so that the test fails and does not hang.
func mkfifo(t *testing.T, path string) error {
	done := make(chan struct{})
	t.Cleanup(func() { close(done) })
	go func() {
		for wait := 10 * time.Second; ; wait = 100 * time.Millisecond {
			select {
			case <-done:
				return
			case <-time.After(wait):
			}
			if writer, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
				writer.Close()
			}
		}
	}()
	return errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o600))
}

// linked puts a link in the place of a file.
func linked(path, target string) error {
	return errors.Join(os.Remove(path), os.Symlink(target, path))
}

// TestFileBecomesPipe shows that no call waits for a pipe or a device in the place of
// a file of keys.
func TestFileBecomesPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := errors.Join(os.WriteFile(pipe, nil, 0o600), mkfifo(t, pipe)); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"pipe": pipe, "device": "/dev/null", "loop": "jwks.json"} {
		t.Run(name, func(t *testing.T) {
			goesBad(t, func(f keysFile) { f.must(linked(f.path, target)) })
		})
	}
}

// TestIntrospectionSecretIsNoFile shows that no call waits for a secret whose path is
// not a regular file.
func TestIntrospectionSecretIsNoFile(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := errors.Join(os.WriteFile(pipe, nil, 0o600), mkfifo(t, pipe)); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"a pipe": pipe, "a device": "/dev/null", "a folder": "."} {
		synctest.Test(t, func(t *testing.T) {
			issuer := newOpaque(t)
			if err := linked(issuer.secret, target); err != nil {
				t.Fatal(err)
			}
			v := issuer.verifier(t)
			if err := v.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), issuer.secret+": "+name) {
				t.Errorf("Ready = %v, want that the secret is %s", err, name)
			}
		})
	}
}
