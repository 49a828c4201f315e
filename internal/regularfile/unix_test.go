//go:build unix

package regularfile_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/grpcaud/grpcaud/internal/regularfile"
)

func mkfifo(t *testing.T, path string) string {
	t.Helper()
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestReadWaitsForNobody shows that no reader waits for a writer, and that no
// device is opened.
func TestReadWaitsForNobody(t *testing.T) {
	dir := t.TempDir()
	pipe := mkfifo(t, filepath.Join(dir, "pipe"))
	refused(t, pipe, "a pipe")
	refused(t, symlink(t, pipe, filepath.Join(dir, "link")), "a pipe")
	socket := filepath.Join(dir, "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	refused(t, socket, "a socket")
	for _, device := range []string{"/dev/null", "/dev/zero", "/dev/ptmx", "/dev/tty"} {
		if _, err := os.Stat(device); err != nil {
			t.Logf("no %s here", device)
			continue
		}
		refused(t, device, "a device")
		refused(t, symlink(t, device, filepath.Join(dir, "to-"+filepath.Base(device))), "a device")
	}
}

// TestReadDescriptors shows that the paths of open files lead to what is open, as
// /dev/stdin and the <(…) of shells do.
func TestReadDescriptors(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	file, err := os.Open(write(t, filepath.Join(t.TempDir(), "f"), "text"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, folder := range []string{"/proc/self/fd", "/dev/fd"} {
		if _, err := os.Stat(folder); err != nil {
			t.Logf("no %s here", folder)
			continue
		}
		refused(t, fmt.Sprintf("%s/%d", folder, r.Fd()), "a pipe")
		refused(t, symlink(t, fmt.Sprintf("%s/%d", folder, r.Fd()), filepath.Join(t.TempDir(), "link")), "a pipe")
		if data, err := read(t, fmt.Sprintf("%s/%d", folder, file.Fd()), 100); err != nil || string(data) != "text" {
			t.Errorf("an open file by %s: %q, %v", folder, data, err)
		}
	}
}

// TestReadLooksAtWhatItOpened shows that a pipe which takes the place of the file
// between the look and the open is neither waited for nor taken for an empty file.
func TestReadLooksAtWhatItOpened(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	write(t, path, "text")
	stop := make(chan struct{})
	var swapping sync.WaitGroup
	swapping.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			next := filepath.Join(dir, "next")
			var err error
			if i%2 == 0 {
				err = syscall.Mkfifo(next, 0o600)
			} else {
				err = os.WriteFile(next, []byte("text"), 0o600)
			}
			if err = errors.Join(err, os.Rename(next, path)); err != nil {
				t.Error(err)
				return
			}
		}
	})
	defer swapping.Wait()
	defer close(stop)
	for range 20_000 {
		data, err := read(t, path, 100)
		if _, ok := errors.AsType[*regularfile.KindError](err); !ok && (err != nil || string(data) != "text") {
			t.Fatalf("Read = %q, %v; want the text, or that it is a pipe", data, err)
		}
	}
}
