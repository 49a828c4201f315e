// Package regularfile reads files whose paths somebody else has chosen. It never
// waits for another process: a pipe, a socket, a device and a folder are errors, also
// if a link leads to them, and so is a file that is too large. Links to
// regular files are followed, since Kubernetes mounts files as links.
package regularfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// ErrTooLarge is the error of a file that is larger than the limit.
var ErrTooLarge = errors.New("too large")

// KindError is the error of a path that does not lead to a regular file.
type KindError struct {
	Path string
	Kind fs.FileMode // as [fs.FileMode.Type] has it
}

// Error names the path and what is there.
func (e *KindError) Error() string {
	return fmt.Sprintf("%s: %s, want a regular file", e.Path, kind(e.Kind))
}

// readTimeout limits the reading of files that are regular files and still make their
// readers wait, such as some files in /proc and /sys.
const readTimeout = time.Second

// Open opens the regular file at path, and returns the information about the opened
// file. Close it.
func Open(path string) (*os.File, fs.FileInfo, error) {
	info, err := os.Stat(path)
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		failed.Op = "open" // for the caller it was an open
	}
	if err == nil {
		err = regular(path, info)
	}
	if err != nil {
		return nil, nil, err // opening a device may have side effects
	}
	file, err := os.OpenFile(path, os.O_RDONLY|never, 0)
	if err != nil {
		return nil, nil, err
	}
	if info, err = file.Stat(); err == nil { // the file may have been replaced meanwhile
		err = regular(path, info)
	}
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	_ = file.SetReadDeadline(time.Now().Add(readTimeout)) // a file without deadlines does not wait
	return file, info, nil
}

// Read returns the content of the regular file at path, at most limit bytes. The error
// names the path. It is a [*KindError], wraps [ErrTooLarge], or is an error of package
// os.
func Read(path string, limit int64) ([]byte, error) {
	file, _, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return ReadOpen(file, limit)
}

// ReadOpen is [Read] for an open file.
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

// kind names a file that is not a regular one.
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

// size writes a number of bytes in the largest unit in which it is a whole number.
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
