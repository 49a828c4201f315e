//go:build unix

package policyfile_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience/policyfile"
)

// letGo opens the pipes if the test takes too long, so that a process which waits for
// one of them continues and the test fails and does not hang.
func letGo(t *testing.T, pipes ...string) {
	done := make(chan struct{})
	t.Cleanup(func() { close(done) })
	go func() {
		for wait := 10 * time.Second; ; wait = 100 * time.Millisecond {
			select {
			case <-done:
				return
			case <-time.After(wait):
			}
			for _, pipe := range pipes {
				if writer, err := os.OpenFile(pipe, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
					writer.Close()
				}
			}
		}
	}()
}

// TestWatchWhateverComes shows that Watch reports what replaces a file or a folder,
// waits for no other process, ends with its context, and applies a file that is
// corrected. It reads the files as Load does.
func TestWatchWhateverComes(t *testing.T) {
	for name, row := range map[string]struct {
		path  string
		spoil func(path string) error
		want  string
	}{
		"a pipe among the included":   {"teams/pipe.yaml", mkfifo, "teams/pipe.yaml: a pipe, want a regular file"},
		"a link to a pipe":            {"teams/link.yaml", toPipe, "teams/link.yaml: a pipe, want a regular file"},
		"a device among the included": {"teams/device.yaml", linkTo("/dev/null"), "teams/device.yaml: a device, want a regular file"},
		"a folder of that name":       {"teams/sub.yaml", func(path string) error { return os.Mkdir(path, 0o700) }, "teams/sub.yaml: a folder, want a regular file"},
		"a loop of links":             {"teams/loop.yaml", linkTo("loop.yaml"), "too many levels"},
		"a pipe for the first file":   {"access.yaml", mkfifo, "access.yaml: a pipe, want a regular file"},
		"a device for the first file": {"access.yaml", linkTo("/dev/null"), "access.yaml: a device, want a regular file"},
		"a pipe for the folder":       {"teams", mkfifo, `no file "teams/*.yaml"`},
		"a loop for the folder":       {"teams", linkTo("teams"), `no file "teams/*.yaml"`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, map[string]string{"access.yaml": head, "teams/people.yaml": people})
			path, aside := filepath.Join(dir, row.path), filepath.Join(t.TempDir(), "aside")
			letGo(t, path, path+".pipe")
			synctest.Test(t, func(t *testing.T) {
				f := follow(t, dir)
				f.wants(t, "at first", 1, 0)
				if err := os.Rename(path, aside); err != nil && !errors.Is(err, os.ErrNotExist) {
					t.Fatal(err)
				}
				if err := row.spoil(path); err != nil {
					t.Fatal(err)
				}
				f.wants(t, "spoilt", 1, 1)
				if f.figures.Err == nil || !strings.Contains(f.figures.Err.Error(), row.want) {
					t.Errorf("Err = %v, want %s", f.figures.Err, row.want)
				}
				if _, err := policyfile.Load(filepath.Join(dir, "access.yaml")); err == nil || !strings.Contains(err.Error(), row.want) {
					t.Errorf("Load = %v, want %s", err, row.want)
				}
				if err := os.RemoveAll(path); err != nil {
					t.Fatal(err)
				}
				if err := os.Rename(aside, path); err != nil && !errors.Is(err, os.ErrNotExist) {
					t.Fatal(err)
				}
				f.write(t, "teams/people.yaml", people+"# mended\n")
				f.wants(t, "mended", 2, 1)
			})
		})
	}
}

func mkfifo(path string) error { return syscall.Mkfifo(path, 0o600) }

func toPipe(path string) error {
	return errors.Join(mkfifo(path+".pipe"), os.Symlink(path+".pipe", path))
}

func linkTo(target string) func(string) error {
	return func(path string) error { return os.Symlink(target, path) }
}
