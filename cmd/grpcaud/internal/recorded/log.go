package recorded

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// Log is what was read.
type Log struct {
	// Records is how many records there are.
	Records uint64

	// First and Last are the times of the earliest and the latest record; zero if there
	// is none.
	First, Last time.Time

	// Gaps are the first [MaxGaps] gaps. GapCount is how many there are.
	Gaps     []decision.Gap
	GapCount uint64

	// Missing is how many records all gaps miss, between GapFirst and GapLast.
	Missing           uint64
	GapFirst, GapLast time.Time

	// Files are the files in their order.
	Files []File
}

// File is one file of a [Log].
type File struct {
	Name    string // its path, or "standard input"
	Records uint64
	Skipped decision.Skipped
}

// MaxGaps is how many gaps a [Log] keeps.
const MaxGaps = 1000

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

// callbackError is an error that is not of the file.
type callbackError struct{ error }

// read reads one source.
func (l *Log) read(cmd *cobra.Command, s source, p *progress, record func(*decision.Record) error, gap func(decision.Gap) error) error {
	in, err := s.open()
	if err != nil {
		return err
	}
	defer in.Close()
	file := File{Name: s.name}
	file.Skipped, err = decision.Read(&counted{cmd.Context(), in, p}, func(r *decision.Record) error {
		file.Records++
		l.addRecord(r)
		return ofCallback(record(r))
	}, func(g decision.Gap) error {
		l.addGap(g)
		if gap == nil {
			return nil
		}
		return ofCallback(gap(g))
	})
	l.Files = append(l.Files, file)
	called, ok := errors.AsType[callbackError](err)
	switch {
	case ok:
		return called.error
	case cmd.Context().Err() != nil:
		return fmt.Errorf("%s: interrupted while it was read: %w", s.name, cmd.Context().Err())
	case err != nil:
		return fmt.Errorf("%s: %w", s.name, err)
	}
	return nil
}

func ofCallback(err error) error {
	if err == nil {
		return nil
	}
	return callbackError{err}
}

func (l *Log) addRecord(r *decision.Record) {
	l.Records++
	if l.First.IsZero() || r.Time.Before(l.First) {
		l.First = r.Time
	}
	if r.Time.After(l.Last) {
		l.Last = r.Time
	}
}

func (l *Log) addGap(g decision.Gap) {
	if l.GapCount++; len(l.Gaps) < MaxGaps {
		l.Gaps = append(l.Gaps, g)
	}
	if l.Missing += g.Records; l.Missing < g.Records {
		l.Missing = math.MaxUint64
	}
	if l.GapFirst.IsZero() || g.First.Before(l.GapFirst) {
		l.GapFirst = g.First
	}
	if g.Last.After(l.GapLast) {
		l.GapLast = g.Last
	}
}

// Incomplete reports whether records may be missing: there are gaps, or lines were
// skipped that may be records. What follows from the absence of a record is then uncertain.
func (l *Log) Incomplete() bool {
	return l.GapCount > 0 || slices.ContainsFunc(l.Files, func(f File) bool { return f.Skipped.MaybeRecords() })
}

// Report writes to standard error what was not read, one line for each kind. It writes
// nothing if all was read. The error says that there is no record.
func (l *Log) Report(stderr io.Writer) error {
	for _, f := range l.Files {
		for _, s := range f.Skipped {
			fmt.Fprintf(stderr, "grpcaud: %s: %s\n", output.Printable(f.Name), output.Printable(s.String()))
		}
	}
	if l.GapCount > 0 {
		fmt.Fprintf(stderr, "grpcaud: %d records are missing, in gaps of the log (%d) between %s and %s\n", l.Missing, l.GapCount, Stamp(l.GapFirst), Stamp(l.GapLast))
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

// Stamp writes a time for people, in UTC.
func Stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
