// Package regularfile reads files that somebody else chose the paths of. It never
// waits for anybody: a pipe, a socket, a device and a folder are errors, also
// where a link leads to them, and so is a file that is too large. Links to
// regular files are followed, as Kubernetes mounts them.
package regularfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// ErrTooLarge is the error of a file that holds more than the limit.
var ErrTooLarge = errors.New("too large")

// KindError is the error of a path that leads to no regular file.
type KindError struct {
	Path string
	Kind fs.FileMode // as [fs.FileMode.Type] has it
}

// Error names the path, and what stands there.
func (e *KindError) Error() string {
	return fmt.Sprintf("%s: %s, want a regular file", e.Path, kind(e.Kind))
}

// patience bounds the reading of what calls itself a regular file and still makes
// its readers wait, as some files of /proc and /sys do.
const patience = time.Second

// Open opens the regular file at path, and returns what is known of that very
// file. Close it.
func Open(path string) (*os.File, fs.FileInfo, error) {
	info, err := os.Stat(path)
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		failed.Op = "open" // as far as the caller knows
	}
	if err == nil {
		err = regular(path, info)
	}
	if err != nil {
		return nil, nil, err // to open a device may have effects of its own
	}
	file, err := os.OpenFile(path, os.O_RDONLY|never, 0)
	if err != nil {
		return nil, nil, err
	}
	if info, err = file.Stat(); err == nil { // something else may have taken its place
		err = regular(path, info)
	}
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	_ = file.SetReadDeadline(time.Now().Add(patience)) // what has no deadline does not wait
	return file, info, nil
}

// Read returns what the regular file at path holds, which is limit bytes at the
// most. The error names the path; it is a [*KindError], wraps [ErrTooLarge], or
// is one of package os.
func Read(path string, limit int64) ([]byte, error) {
	file, _, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return ReadOpen(file, limit)
}

// ReadOpen is [Read] for a file that is open already.
func ReadOpen(file *os.File, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(data)) > limit:
		return nil, fmt.Errorf("%s: %w: more than %s", file.Name(), ErrTooLarge, size(limit))
	}
	return data, nil
}

func regular(path string, info fs.FileInfo) error {
	if info.Mode().IsRegular() {
		return nil
	}
	return &KindError{path, info.Mode().Type()}
}

// kind names what is no regular file.
func kind(m fs.FileMode) string {
	switch {
	case m&fs.ModeDir != 0:
		return "a folder"
	case m&fs.ModeNamedPipe != 0:
		return "a pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	default:
		return "something else"
	}
}

// size writes a number of bytes, in the largest unit that leaves it whole.
func size(n int64) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	default:
		return fmt.Sprintf("%d bytes", n)
	}
}
