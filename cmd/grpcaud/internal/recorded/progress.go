package recorded

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// progress is a line on a terminal that says how much is read.
type progress struct {
	to      io.Writer // nil if it is no terminal
	total   int64     // in bytes; negative if it is not known
	read    int64
	records *uint64
	began   time.Time
	drawn   time.Time
}

// newProgress returns the progress of reading these sources. Nothing is drawn if to is no
// terminal.
func newProgress(to io.Writer, all []source, records *uint64) *progress {
	p := &progress{records: records, began: time.Now()}
	if output.IsTerminal(to) && os.Getenv("TERM") != "dumb" {
		p.to = to
	}
	for _, s := range all {
		if s.size < 0 {
			p.total = -1
			break
		}
		p.total += s.size
	}
	return p
}

// wipe is what removes the line.
const wipe = "\r\x1b[K"

// add counts bytes, and draws the line ten times a second.
func (p *progress) add(n int) {
	p.read += int64(n)
	if now := time.Now(); p.to != nil && now.Sub(p.drawn) >= time.Second/10 {
		p.drawn = now
		fmt.Fprint(p.to, wipe+p.line(now.Sub(p.began)))
	}
}

// line returns the line after some time.
func (p *progress) line(after time.Duration) string {
	text := size(p.read)
	if p.total > 0 {
		text += fmt.Sprintf(" of %s (%d %%)", size(p.total), min(100, 100*(p.read/1024)/max(1, p.total/1024)))
	}
	rate := float64(*p.records) / max(after.Seconds(), 0.001)
	return fmt.Sprintf("%s, %d records, %.0f/s", text, *p.records, rate)
}

// end removes the line.
func (p *progress) end() {
	if p.to != nil && !p.drawn.IsZero() {
		fmt.Fprint(p.to, wipe)
	}
}

// size writes a number of bytes.
func size(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	default:
		return fmt.Sprintf("%d KiB", n>>10)
	}
}

// counted is an input whose bytes count as progress. It ends when ctx ends.
type counted struct {
	ctx      context.Context
	in       io.Reader
	progress *progress
}

// Read implements [io.Reader].
func (c *counted) Read(to []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, context.Cause(c.ctx)
	}
	n, err := c.in.Read(to)
	c.progress.add(n)
	return n, err
}
