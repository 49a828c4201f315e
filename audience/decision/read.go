package decision

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// maxLineSize is the size of the longest line that is read, in bytes. A record is as long
// as its token at most, some KiB.
const maxLineSize = 256 << 10

// Read reads lines from in, which may be compressed with gzip, and calls record and gap
// with what they say, in the order of the lines. It takes bounded memory, however long in
// is. A record is only valid during the call: keep copies of its slices; its strings may
// be kept.
//
// What Read returns says which lines it has skipped, and why. The error is that of in, or
// the first that record or gap returns, which ends the reading.
func Read(in io.Reader, record func(*Record) error, gap func(Gap) error) (Skipped, error) {
	r := &reader{record: record, gap: gap, parser: newParser()}
	lines := bufio.NewReaderSize(in, maxLineSize)
	if magic, _ := lines.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		unzipped, err := gzip.NewReader(lines)
		if err != nil {
			r.skipped.add(damaged, 1, nil)
			return r.skipped, nil
		}
		lines = bufio.NewReaderSize(unzipped, maxLineSize)
	}
	return r.skipped, r.lines(lines)
}

// reader reads the lines of one file.
type reader struct {
	record  func(*Record) error
	gap     func(Gap) error
	parser  *parser
	skipped Skipped
	line    uint64 // the number of the current line
}

// lines reads all lines.
func (r *reader) lines(in *bufio.Reader) error {
	for r.line = 1; ; r.line++ {
		line, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			r.skipped.add(tooLong, r.line, line)
			line, err = nil, skipLine(in)
		}
		if r.line == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			if err := r.one(line); err != nil {
				return err
			}
		}
		switch {
		case err == nil:
		case err == io.EOF:
			return nil
		case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader):
			r.skipped.add(damaged, r.line, nil)
			return nil
		default:
			return fmt.Errorf("line %d: %w", r.line, err)
		}
	}
}

// skipLine reads the rest of a line that is too long.
func skipLine(in *bufio.Reader) error {
	for {
		if _, err := in.ReadSlice('\n'); !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}

// one reads one line.
func (r *reader) one(line []byte) error {
	what, why := r.parser.parse(line)
	switch {
	case why == notJSON && line[0] == '{':
		r.skipped.add(cutOff, r.line, line)
	case why != "":
		r.skipped.add(why, r.line, line)
	case what == typeGap:
		return r.gap(r.parser.gap)
	default:
		return r.record(&r.parser.record)
	}
	return nil
}
