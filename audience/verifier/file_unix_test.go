//go:build unix

package verifier_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
)

// TestFileBecomesPipe holds that nobody waits for a pipe or a device in the place
// of a file of keys.
func TestFileBecomesPipe(t *testing.T) {
	for name, spoil := range map[string]func(keysFile){
		"pipe":   func(f keysFile) { f.must(os.Remove(f.path)); f.must(syscall.Mkfifo(f.path, 0o600)) },
		"device": func(f keysFile) { f.must(os.Remove(f.path)); f.must(os.Symlink("/dev/ptmx", f.path)) },
		"loop":   func(f keysFile) { f.must(os.Remove(f.path)); f.must(os.Symlink(filepath.Base(f.path), f.path)) },
	} {
		t.Run(name, func(t *testing.T) { goesBad(t, spoil) })
	}
}

// TestIntrospectionSecretIsNoFile holds that nobody waits for a secret in what is
// no file.
func TestIntrospectionSecretIsNoFile(t *testing.T) {
	for name, spoil := range map[string]func(path string) error{
		"a pipe":   func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a device": func(path string) error { return os.Symlink("/dev/ptmx", path) },
		"a folder": func(path string) error { return os.Mkdir(path, 0o700) },
	} {
		synctest.Test(t, func(t *testing.T) {
			issuer := newOpaque(t)
			if err := os.Remove(issuer.secret); err != nil {
				t.Fatal(err)
			}
			if err := spoil(issuer.secret); err != nil {
				t.Fatal(err)
			}
			v := issuer.verifier(t)
			if err := v.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), issuer.secret+": "+name) {
				t.Errorf("Ready = %v, want that the secret is %s", err, name)
			}
		})
	}
}
