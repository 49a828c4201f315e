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

// StandardInput is the standard input of the process. It can be read once.
type StandardInput struct {
	io.Reader
	taken bool
}

// read returns all of it, at most limit bytes, unless ctx ends first.
func (in *StandardInput) read(ctx context.Context, limit int64) ([]byte, error) {
	type answer struct {
		data []byte
		err  error
	}
	answers := make(chan answer, 1)
	go func() { // which ends with the process if nothing is written
		data, err := readAtMost(in.Reader, limit)
		answers <- answer{data, err}
	}()
	select {
	case a := <-answers:
		if a.err != nil {
			return nil, fmt.Errorf("standard input: %w", a.err)
		}
		return a.data, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("standard input: interrupted while it was read: %w", context.Cause(ctx))
	}
}

// readStandardInput reads standard input. At a terminal it prompts for what is read.
func readStandardInput(cmd *cobra.Command, what string, limit int64) ([]byte, error) {
	in, err := takeStandardInput(cmd, what)
	if err != nil {
		return nil, err
	}
	return in.read(cmd.Context(), limit)
}

// ReadInput reads the file at path or, for a dash, standard input. The prompt at a
// terminal names what is read.
func ReadInput(cmd *cobra.Command, path, what string, limit int64) ([]byte, error) {
	if path == Dash {
		return readStandardInput(cmd, what, limit)
	}
	data, err := regularfile.Read(path, limit)
	return data, pipeHint(err)
}

// pipeHint adds to an error what to write instead, if the path is that of a pipe or a
// terminal.
func pipeHint(err error) error {
	const flowing = fs.ModeNamedPipe | fs.ModeSocket | fs.ModeCharDevice
	if kind, ok := errors.AsType[*regularfile.KindError](err); ok && kind.Kind&flowing != 0 {
		return fmt.Errorf("%w; to read it from a pipe or a terminal, write - and connect that to standard input", err)
	}
	return err
}

// readAtMost reads all of r, which may hold at most limit bytes.
func readAtMost(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("more than %d KiB", limit>>10)
	}
	return data, err
}

// TakeStandardInput returns standard input, to be read while it is written. At a terminal
// it prompts for what is read.
func TakeStandardInput(cmd *cobra.Command, what string) (io.Reader, error) {
	in, err := takeStandardInput(cmd, what)
	if err != nil {
		return nil, err
	}
	return in.Reader, nil
}

// takeStandardInput returns standard input, unless it is taken already.
func takeStandardInput(cmd *cobra.Command, what string) (*StandardInput, error) {
	in, ok := cmd.InOrStdin().(*StandardInput)
	if !ok {
		in = &StandardInput{Reader: cmd.InOrStdin()}
	}
	if in.taken {
		return nil, errors.New("standard input can be read once: name a file for one of the two")
	}
	if output.IsTerminal(in.Reader) {
		fmt.Fprintf(cmd.ErrOrStderr(), "grpcaud: paste the %s, then press Enter and Ctrl-D\n", what)
	}
	in.taken = true
	return in, nil
}
