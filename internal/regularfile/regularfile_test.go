package regularfile_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/internal/regularfile"
)

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func symlink(t *testing.T, to, path string) string {
	t.Helper()
	if err := os.Symlink(to, path); err != nil {
		t.Skipf("no links here: %v", err)
	}
	return path
}

// read fails the test, and does not hang it, if Read waits for somebody.
func read(t *testing.T, path string, limit int64) ([]byte, error) {
	t.Helper()
	type answer struct {
		data []byte
		err  error
	}
	came := make(chan answer, 1)
	go func() {
		data, err := regularfile.Read(path, limit)
		came <- answer{data, err}
	}()
	select {
	case a := <-came:
		return a.data, a.err
	case <-time.After(10 * time.Second):
		t.Fatalf("Read(%s) waits", path)
		return nil, nil
	}
}

// refused checks that path is an error which names it and says what it is.
func refused(t *testing.T, path, what string) {
	t.Helper()
	data, err := read(t, path, 100)
	kind, ok := errors.AsType[*regularfile.KindError](err)
	if want := path + ": " + what + ", want a regular file"; !ok || kind.Path != path || err.Error() != want || data != nil {
		t.Errorf("Read = %q, %v; want %s", data, err, want)
	}
}

func TestReadIsBounded(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "f"), "0123456789")
	if data, err := read(t, path, 10); err != nil || string(data) != "0123456789" {
		t.Errorf("Read of 10 bytes = %q, %v", data, err)
	}
	data, err := read(t, path, 9)
	if !errors.Is(err, regularfile.ErrTooLarge) || data != nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "more than 9 bytes") {
		t.Errorf("Read of 10 bytes with a limit of 9 = %q, %v", data, err)
	}
	write(t, path, strings.Repeat("a", 2<<20))
	for limit, want := range map[int64]string{64 << 10: "more than 64 KiB", 1 << 20: "more than 1 MiB"} {
		if _, err := read(t, path, limit); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("Read = %v, want %s", err, want)
		}
	}
}

func TestReadFollowsLinksToFiles(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "..2026"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "..2026", "token"), "first")
	symlink(t, "..2026", filepath.Join(dir, "..data"))
	path := symlink(t, filepath.Join("..data", "token"), filepath.Join(dir, "token"))
	if data, err := read(t, path, 100); err != nil || !bytes.Equal(data, []byte("first")) {
		t.Errorf("Read through two links = %q, %v", data, err)
	}
}

func TestReadRefusesFoldersAndWhatIsMissing(t *testing.T) {
	dir := t.TempDir()
	refused(t, dir, "a folder")
	refused(t, symlink(t, dir, filepath.Join(dir, "link")), "a folder")
	for _, path := range []string{filepath.Join(dir, "none"), symlink(t, filepath.Join(dir, "nowhere"), filepath.Join(dir, "dangling"))} {
		if _, err := read(t, path, 100); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) {
			t.Errorf("Read(%s) = %v", path, err)
		}
	}
	loop := filepath.Join(dir, "loop")
	symlink(t, loop, loop)
	if _, err := read(t, loop, 100); err == nil || !strings.Contains(err.Error(), loop) {
		t.Errorf("a loop of links: %v", err)
	}
}
