package decision

import (
	"io"
	"log/slog"
)

// OpenOutput returns a [File] that writes to what open returns.
func OpenOutput(log *slog.Logger, open_ func() (io.WriteCloser, error), opts ...FileOption) (*File, error) {
	return open("out", log, func() (output, error) { return open_() }, opts...)
}
