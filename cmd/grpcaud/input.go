package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/internal/regularfile"
)

// dash is the path that stands for standard input.
const dash = "-"

// standardInput is what the process reads. It can be read once.
type standardInput struct {
	io.Reader
	taken bool
}

// read returns all of it, up to most bytes, unless ctx ends before.
func (in *standardInput) read(ctx context.Context, most int64) ([]byte, error) {
	if in.taken {
		return nil, errors.New("standard input can be read once: name a file for one of the two")
	}
	in.taken = true
	type answer struct {
		data []byte
		err  error
	}
	came := make(chan answer, 1)
	go func() { // which waits for as long as the process is there, if nothing comes
		data, err := drain(in.Reader, most)
		came <- answer{data, err}
	}()
	select {
	case a := <-came:
		if a.err != nil {
			return nil, fmt.Errorf("standard input: %w", a.err)
		}
		return a.data, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("standard input: interrupted while it was read: %w", context.Cause(ctx))
	}
}

// readStandardInput reads it, and tells who sits at a terminal what is waited for.
func readStandardInput(cmd *cobra.Command, what string, most int64) ([]byte, error) {
	in, ok := cmd.InOrStdin().(*standardInput)
	if !ok {
		in = &standardInput{Reader: cmd.InOrStdin()}
	}
	if onTerminal(in.Reader) && !in.taken {
		fmt.Fprintf(cmd.ErrOrStderr(), "grpcaud: paste the %s, then press Enter and Ctrl-D\n", what)
	}
	return in.read(cmd.Context(), most)
}

// readInput returns what the file at path holds, or, for a dash, standard input.
func readInput(cmd *cobra.Command, path, what string, most int64) ([]byte, error) {
	if path == dash {
		return readStandardInput(cmd, what, most)
	}
	data, err := read(path, most)
	return data, dashed(err)
}

// dashed adds to the error of a pipe or a terminal in the place of a file what to
// write instead.
func dashed(err error) error {
	const flowing = fs.ModeNamedPipe | fs.ModeSocket | fs.ModeCharDevice
	if kind, ok := errors.AsType[*regularfile.KindError](err); ok && kind.Kind&flowing != 0 {
		return fmt.Errorf("%w; to read it from a pipe or a terminal, write - and connect that to standard input", err)
	}
	return err
}

// maxMatrix is the size of the largest access matrix that is read from standard
// input, in bytes.
const maxMatrix = 8 << 20

// matrixFile is an access matrix as a command names it.
type matrixFile struct {
	path string
	data []byte // of standard input
}

// openMatrix returns the file at path. Standard input is read now.
func openMatrix(cmd *cobra.Command, path string) (matrixFile, error) {
	if path != dash {
		return matrixFile{path: path}, nil
	}
	data, err := readStandardInput(cmd, "access matrix", maxMatrix)
	return matrixFile{path: "standard input", data: append([]byte{}, data...)}, err
}

func (m matrixFile) policy(options ...audience.MethodOptions) (*audience.Policy, error) {
	if m.data != nil {
		return policyfile.Parse(m.path, m.data, options...)
	}
	policy, err := policyfile.Load(m.path, options...)
	return policy, dashed(err)
}

// locate returns what was found in the file, each with its place.
func (m matrixFile) locate(problems []*audience.Problem, options ...audience.MethodOptions) ([]*policyfile.Error, error) {
	if m.data != nil {
		return policyfile.LocateParsed(m.path, m.data, problems, options...)
	}
	return policyfile.Locate(m.path, problems, options...)
}

// loadMatrix reads the access matrix at path.
func loadMatrix(cmd *cobra.Command, path string, options ...audience.MethodOptions) (*audience.Policy, error) {
	m, err := openMatrix(cmd, path)
	if err != nil {
		return nil, err
	}
	return m.policy(options...)
}
