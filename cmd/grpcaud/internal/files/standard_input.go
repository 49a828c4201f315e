package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/internal/regularfile"
)

// Dash is the path that stands for standard input.
const Dash = "-"

// StandardInput is what the process reads. It can be read once.
type StandardInput struct {
	io.Reader
	taken bool
}

// read returns all of it, up to most bytes, unless ctx ends before.
func (in *StandardInput) read(ctx context.Context, most int64) ([]byte, error) {
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
		data, err := readAtMost(in.Reader, most)
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
	in, ok := cmd.InOrStdin().(*StandardInput)
	if !ok {
		in = &StandardInput{Reader: cmd.InOrStdin()}
	}
	if output.IsTerminal(in.Reader) && !in.taken {
		fmt.Fprintf(cmd.ErrOrStderr(), "grpcaud: paste the %s, then press Enter and Ctrl-D\n", what)
	}
	return in.read(cmd.Context(), most)
}

// ReadInput returns what the file at path holds, or, for a dash, standard input.
func ReadInput(cmd *cobra.Command, path, what string, most int64) ([]byte, error) {
	if path == Dash {
		return readStandardInput(cmd, what, most)
	}
	data, err := regularfile.Read(path, most)
	return data, pipeHint(err)
}

// pipeHint adds to the error of a pipe or a terminal in the place of a file what to
// write instead.
func pipeHint(err error) error {
	const flowing = fs.ModeNamedPipe | fs.ModeSocket | fs.ModeCharDevice
	if kind, ok := errors.AsType[*regularfile.KindError](err); ok && kind.Kind&flowing != 0 {
		return fmt.Errorf("%w; to read it from a pipe or a terminal, write - and connect that to standard input", err)
	}
	return err
}

// readAtMost reads what r holds, up to most bytes.
func readAtMost(r io.Reader, most int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("more than %d KiB", most>>10)
	}
	return data, err
}
