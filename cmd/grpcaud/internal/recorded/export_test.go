package recorded

import (
	"bytes"
	"time"
)

// Progress is the line that tells of the progress, as it is written to a terminal.
type Progress struct {
	bytes.Buffer
	p *progress
}

// NewProgress begins to read total bytes, which hold these records.
func NewProgress(total int64, records uint64) *Progress {
	l := &Progress{}
	l.p = &progress{to: &l.Buffer, total: total, records: &records, began: time.Now()}
	return l
}

// Add reads n bytes.
func (l *Progress) Add(n int) { l.p.add(n) }

// End ends the reading.
func (l *Progress) End() { l.p.end() }
