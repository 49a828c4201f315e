package recorded

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// Log is what was read.
type Log struct {
	// Count counts the records.
	Count

	// Gaps is how many gaps there are. Missing is what all of them miss.
	Gaps    uint64
	Missing Count

	// Files are the files in their order.
	Files []File
}

// File is one file of a [Log].
type File struct {
	Name    string // its path, or "standard input"
	Records uint64
	Skipped decision.Skipped
}

// ClockDifference is how far the clocks of servers may be ahead of this one.
const ClockDifference = 5 * time.Minute

// Read reads the records in the files at these paths, in their order, and calls record and
// gap with them as [decision.Read] does; gap may be nil. A dash is standard input. Files
// may be compressed with gzip, and may be named pipes. If standard error is a terminal, it
// shows the progress meanwhile.
//
// The error names the file, or is the first that record or gap returns. Reading ends at
// once with the context of cmd.
func Read(cmd *cobra.Command, paths []string, record func(*decision.Record) error, gap func(decision.Gap) error) (*Log, error) {
	all, err := sources(cmd, paths)
	if err != nil {
		return nil, err
	}
	l := &Log{}
	p := newProgress(cmd.ErrOrStderr(), all, &l.Records)
	defer p.end()
	for _, s := range all {
		if err := l.read(cmd, s, p, record, gap); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// read reads one source.
func (l *Log) read(cmd *cobra.Command, s source, p *progress, record func(*decision.Record) error, gap func(decision.Gap) error) error {
	in, err := s.open()
	if err != nil {
		return err
	}
	defer in.Close()
	file := File{Name: s.name}
	var stop error // of record or gap
	file.Skipped, err = decision.Read(&counted{cmd.Context(), in, p}, func(r *decision.Record) error {
		file.Records++
		l.Add(One(r.Time))
		stop = record(r)
		return stop
	}, func(g decision.Gap) error {
		l.Gaps++
		l.Missing.Add(Count{g.Records, g.First, g.Last})
		if gap != nil {
			stop = gap(g)
		}
		return stop
	})
	l.Files = append(l.Files, file)
	switch {
	case stop != nil:
		return stop
	case cmd.Context().Err() != nil:
		return fmt.Errorf("%s: interrupted while it was read: %w", s.name, cmd.Context().Err())
	case err != nil:
		return fmt.Errorf("%s: %w", s.name, err)
	}
	return nil
}

// Report writes to standard error what was not read, one line for each kind. It writes
// nothing if all was read. The error says that there is no record.
func (l *Log) Report(stderr io.Writer) error {
	for _, f := range l.Files {
		for _, s := range f.Skipped {
			fmt.Fprintf(stderr, "grpcaud: %s: %s\n", output.Printable(f.Name), output.Printable(s.String()))
		}
	}
	if l.Gaps > 0 {
		fmt.Fprintf(stderr, "grpcaud: %d records are missing, in gaps of the log (%d) between %s and %s\n", l.Missing.Records, l.Gaps, output.Stamp(l.Missing.First), output.Stamp(l.Missing.Last))
	}
	if l.Records > 0 {
		return nil
	}
	var names []string
	for _, f := range l.Files {
		names = append(names, f.Name)
	}
	return fmt.Errorf("no record of a decision in %s: servers write them, one JSON object on a line, as docs/decisions.md says", output.Few(names))
}
