package recorded

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/internal/regularfile"
)

// source is one input with records.
type source struct {
	name string
	size int64       // in bytes; negative if it is not known
	info fs.FileInfo // nil for standard input
	open func() (io.ReadCloser, error)
}

// sources looks at all paths before the first is read: a wrong one is no reason to read
// the others for minutes.
func sources(cmd *cobra.Command, paths []string) ([]source, error) {
	var all []source
	for _, path := range paths {
		s, err := newSource(cmd, path)
		if err != nil {
			return nil, err
		}
		for _, other := range all {
			if s.info != nil && other.info != nil && os.SameFile(s.info, other.info) {
				return nil, fmt.Errorf("%s and %s are the same file: its calls would count twice", other.name, s.name)
			}
		}
		all = append(all, s)
	}
	return all, nil
}

func newSource(cmd *cobra.Command, path string) (source, error) {
	if path == files.Dash {
		in, err := files.TakeStandardInput(cmd, "records of decisions")
		return source{name: "standard input", size: -1, open: func() (io.ReadCloser, error) {
			return newStream(cmd.Context(), func() (io.ReadCloser, error) { return io.NopCloser(in), nil }), nil
		}}, err
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return source{}, err
	case info.IsDir():
		return source{}, fmt.Errorf("%s is a folder: name the files in it, such as %s", path, path+string(os.PathSeparator)+"*.jsonl")
	case info.Mode().Type() == fs.ModeNamedPipe:
		return source{name: path, size: -1, info: info, open: func() (io.ReadCloser, error) {
			return newStream(cmd.Context(), func() (io.ReadCloser, error) { return os.Open(path) }), nil
		}}, nil
	}
	return source{name: path, size: info.Size(), info: info, open: func() (io.ReadCloser, error) {
		file, _, err := regularfile.Open(path)
		return file, err
	}}, nil
}

// stream reads what makes its reader wait, such as a pipe, until ctx ends.
type stream struct {
	ctx    context.Context
	chunks chan chunk
	free   chan []byte
	rest   []byte // of the current chunk
	chunk  chunk
}

type chunk struct {
	data []byte
	err  error
}

// chunkSize is how much of a stream is read at once, in bytes. Two chunks are in memory.
const chunkSize = 256 << 10

// newStream opens and reads in a goroutine. If ctx ends, it ends as soon as an open or a
// read that waits returns, or else with the process.
func newStream(ctx context.Context, open func() (io.ReadCloser, error)) *stream {
	s := &stream{ctx: ctx, chunks: make(chan chunk), free: make(chan []byte, 2)}
	s.free <- make([]byte, chunkSize)
	s.free <- make([]byte, chunkSize)
	go s.fill(open)
	return s
}

func (s *stream) fill(open func() (io.ReadCloser, error)) {
	in, err := open()
	if err == nil {
		defer in.Close()
	}
	for {
		var c chunk
		select {
		case buffer := <-s.free:
			if c.err = err; err == nil {
				n, readErr := in.Read(buffer)
				c, err = chunk{buffer[:n], readErr}, readErr
			}
		case <-s.ctx.Done():
			return
		}
		select {
		case s.chunks <- c:
		case <-s.ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// Read implements [io.Reader].
func (s *stream) Read(to []byte) (int, error) {
	for len(s.rest) == 0 {
		if s.chunk.err != nil {
			return 0, s.chunk.err
		}
		if s.chunk.data != nil {
			s.free <- s.chunk.data[:cap(s.chunk.data)]
		}
		select {
		case s.chunk = <-s.chunks:
			s.rest = s.chunk.data
		case <-s.ctx.Done():
			return 0, context.Cause(s.ctx)
		}
	}
	n := copy(to, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// Close ends nothing: the goroutine closes what it reads.
func (*stream) Close() error { return nil }
