//go:build unix

package clientauth_test

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// waiting returns paths that lead to no files: a pipe without a writer, and links
// to it and to a device. Whoever waits for the pipe is let go when ctx ends.
func waiting(t *testing.T, ctx context.Context) []string {
	t.Helper()
	dir := t.TempDir()
	pipe, link, device := filepath.Join(dir, "pipe"), filepath.Join(dir, "link"), filepath.Join(dir, "device")
	for _, err := range []error{syscall.Mkfifo(pipe, 0o600), os.Symlink(pipe, link), os.Symlink("/dev/null", device)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	context.AfterFunc(ctx, func() {
		if writer, err := os.OpenFile(pipe, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
			writer.Close()
		}
	})
	return []string{pipe, link, device}
}
