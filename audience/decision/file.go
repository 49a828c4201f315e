package decision

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"
)

const (
	// DefaultBuffer is how many bytes of records wait to be written at most, unless
	// [Buffer] says otherwise.
	DefaultBuffer = 4 << 20

	retryInterval = time.Second     // the time between two attempts to write a gap
	closeTimeout  = 5 * time.Second // how long Close waits for the file system
)

// File is a [Recorder] that appends to a file, one line for each record. It never lets a
// call wait for the file system: records wait in a buffer of bounded size, and one
// goroutine writes them. Records for which the buffer has no room, and those of a write
// that failed, are missing in the file; a [Gap] stands in their place as soon as it can be
// written. A File is safe for concurrent use. Close it.
type File struct {
	path string // for messages
	log  *slog.Logger
	most int // bytes

	mu      sync.Mutex // guards the fields below
	waiting batch
	lost    Gap  // the records that are missing since the last gap that was written
	reopen  bool // the file is opened again before the next write
	closed  bool

	wake chan struct{} // has room for one signal
	done chan struct{} // closed when the goroutine has ended
	err  error         // of Close; set before done is closed

	// The fields of the goroutine alone.
	open   func() (output, error)
	out    output    // nil after an error
	warned time.Time // when the log was last told of a gap
}

// output is an open file.
type output interface {
	Write([]byte) (int, error)
	Close() error
}

// batch is what is written together.
type batch struct {
	lines []byte
	ends  []lineEnd
}

// lineEnd is where a line of a batch ends, and the time of its record.
type lineEnd struct {
	at   int
	time time.Time
}

// FileOption adjusts a [File].
type FileOption func(*File) error

// Buffer sets how many bytes of records wait to be written at most; the default is
// [DefaultBuffer]. It is at least 64 KiB; a record that is longer is written when no other
// waits. The file needs twice as much memory, for one
// buffer is filled while the other is written.
func Buffer(bytes int) FileOption {
	return func(f *File) error {
		if f.most = bytes; bytes < 64<<10 {
			return fmt.Errorf("decision: a buffer of %d bytes, want at least 64 KiB", bytes)
		}
		return nil
	}
}

// OpenFile opens the file at path to append records, and makes it, for its owner alone to
// read, if there is none. It must be a regular file. The log gets a line when writes begin
// to fail, and when records are missing, at most one every 10 seconds; nil means
// [slog.Default].
func OpenFile(path string, log *slog.Logger, opts ...FileOption) (*File, error) {
	return open(path, log, func() (output, error) { return openToAppend(path) }, opts...)
}

func open(path string, log *slog.Logger, open func() (output, error), opts ...FileOption) (*File, error) {
	f := &File{path: path, log: log, open: open, most: DefaultBuffer, wake: make(chan struct{}, 1), done: make(chan struct{})}
	if f.log == nil {
		f.log = slog.Default()
	}
	for _, opt := range opts {
		if err := opt(f); err != nil {
			return nil, err
		}
	}
	if err := f.ready(true); err != nil {
		return nil, err
	}
	go f.run()
	return f, nil
}

// openToAppend opens a regular file. A file that does not end with a newline, since its
// program was stopped while it wrote, gets one.
func openToAppend(path string) (output, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("decision: %s is no regular file", path)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("decision: %w", err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("decision: %w", err)
	}
	if err := endLine(path, file); err != nil {
		return nil, errors.Join(fmt.Errorf("decision: %w", err), file.Close())
	}
	return file, nil
}

// endLine ends the last line of a regular file.
func endLine(path string, file *os.File) error {
	info, err := file.Stat()
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular(): // it was replaced after the first look
		return fmt.Errorf("%s is no regular file", path)
	case info.Size() == 0:
		return nil
	}
	last := make([]byte, 1)
	if _, err := file.ReadAt(last, info.Size()-1); err != nil {
		return err
	}
	if last[0] != '\n' {
		_, err = file.Write([]byte{'\n'})
	}
	return err
}

var lines = sync.Pool{New: func() any { return new([]byte) }}

// Record implements [Recorder]. After Close it does nothing.
func (f *File) Record(_ context.Context, r Record) {
	line := lines.Get().(*[]byte)
	*line = appendLine((*line)[:0], r.Time, r.attrs())
	f.add(*line, r.Time)
	lines.Put(line)
}

// add adds a line to those that wait, or counts it if there is no room.
func (f *File) add(line []byte, at time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.closed:
		return
	case len(f.waiting.lines) > 0 && len(f.waiting.lines)+len(line) > f.most: // one line may be longer than all
		f.lost.add(at, "full")
	default:
		f.waiting.lines = append(f.waiting.lines, line...)
		f.waiting.ends = append(f.waiting.ends, lineEnd{len(f.waiting.lines), at})
	}
	f.signal()
}

// signal wakes the goroutine.
func (f *File) signal() {
	select {
	case f.wake <- struct{}{}:
	default: // it is awake
	}
}

// add counts a record that is missing. An error is the reason of the whole gap.
func (g *Gap) add(at time.Time, reason string) {
	if g.Records++; g.First.IsZero() || at.Before(g.First) {
		g.First = at
	}
	if at.After(g.Last) {
		g.Last = at
	}
	if g.Reason != "error" {
		g.Reason = reason
	}
}

// Reopen opens the file again, before the next record is written: call it after the file
// was renamed, for example when the process gets SIGHUP. Records that wait are written to
// the new file. If it cannot be opened, the records are missing until it can be.
func (f *File) Reopen() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reopen = true
	f.signal()
}

// Close writes what waits, and closes the file. Its error is the first of these: records
// are missing that no gap in the file tells of, the file cannot be closed, or the file
// system has not answered for 5 seconds.
func (f *File) Close() error {
	f.mu.Lock()
	f.closed = true
	f.signal()
	f.mu.Unlock()
	select {
	case <-f.done:
		return f.err
	case <-time.After(closeTimeout):
		return fmt.Errorf("decision: %s: the file system does not answer; records may be missing", f.path)
	}
}
