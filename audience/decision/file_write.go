package decision

import (
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// run writes what waits, until the file is closed.
func (f *File) run() {
	defer close(f.done)
	retry := time.NewTimer(0)
	<-retry.C
	defer retry.Stop()
	var spare batch
	for {
		select {
		case <-f.wake:
		case <-retry.C:
		}
		closed := false
		spare, closed = f.flush(spare)
		missing := f.missing()
		if closed {
			f.err = errors.Join(missing, f.closeFile())
			return
		}
		if missing != nil {
			retry.Reset(retryInterval)
		}
	}
}

// flush writes what waits, and then the gap behind it, if there is one. It returns the
// memory of the batch for the next, and whether the file was closed before.
func (f *File) flush(spare batch) (written batch, closed bool) {
	f.mu.Lock()
	next, lost, reopen := f.waiting, f.lost, f.reopen
	f.waiting, f.lost, f.reopen, closed = batch{spare.lines[:0], spare.ends[:0]}, Gap{}, false, f.closed
	f.mu.Unlock()
	err := f.ready(reopen)
	done := 0
	if lines := withGap(&next, lost); err == nil && len(lines) > 0 {
		done, err = f.out.Write(lines)
	}
	switch {
	case err != nil:
		f.failed(next, lost, done, err)
	case lost.Records > 0 && time.Since(f.warned) > warnInterval:
		f.warned = time.Now()
		f.log.Warn("decisions are missing in the file", slog.String("file", f.path), slog.Any("gap", slog.GroupValue(lost.attrs()...)))
	}
	return next, closed
}

// warnInterval is the time between two log lines about gaps.
const warnInterval = 10 * time.Second

// withGap returns the lines of a batch, and behind them the gap.
func withGap(b *batch, lost Gap) []byte {
	if lost.Records > 0 {
		lost.Time = time.Now()
		b.lines = appendLine(b.lines, lost.Time, lost.attrs())
	}
	return b.lines
}

// ready opens the file again if it should be, or if that failed before, or if a write
// failed: then its last line may be cut off.
func (f *File) ready(reopen bool) error {
	if f.out != nil && !reopen {
		return nil
	}
	err := f.closeFile()
	out, openErr := f.open()
	if openErr != nil {
		return errors.Join(err, openErr)
	}
	f.out = out
	return nil
}

// closeFile closes the file, if it is open.
func (f *File) closeFile() error {
	if f.out == nil {
		return nil
	}
	out := f.out
	f.out = nil
	return out.Close()
}

// failed counts the lines of a batch that are not in the file, since only so many bytes
// of it are.
func (f *File) failed(b batch, lost Gap, done int, err error) {
	first := lost.Error == ""
	for _, end := range b.ends {
		if end.at > done+1 { // a missing newline is written when the file is opened again
			lost.add(end.time, "error")
		}
	}
	if lost.Records > 0 {
		lost.Reason, lost.Error = "error", err.Error()
	}
	f.mu.Lock()
	lost.merge(f.lost)
	f.lost = lost
	f.mu.Unlock()
	_ = f.closeFile() // it is opened again, and its last line ended
	if first && lost.Records > 0 {
		f.log.Error("decisions cannot be written; a record of the gap follows when they can", slog.String("file", f.path), slog.Any("error", err))
	}
}

// merge adds what other counts.
func (g *Gap) merge(other Gap) {
	if other.Records == 0 {
		return
	}
	records := g.Records + other.Records
	g.add(other.First, other.Reason)
	g.add(other.Last, other.Reason)
	g.Records = records
}

// missing returns the error about records that no gap in the file tells of yet.
func (f *File) missing() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lost.Records == 0 {
		return nil
	}
	return fmt.Errorf("decision: %s: %d records could not be written: %s", f.path, f.lost.Records, f.lost.Error)
}
