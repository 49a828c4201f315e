package decision

import (
	"context"
	"log/slog"
)

// Logger returns a [Recorder] that writes each record to l, with message "decision" and
// the fields of the record as attributes. Each is written, whatever the level of l's
// handler; the record has level info. With slog's JSON handler a line has the form of this
// package, and level and msg besides. A nil l means [slog.Default], as it is at the call.
//
// The handler writes while the call waits: a slow one makes calls slow.
func Logger(l *slog.Logger) Recorder {
	return RecorderFunc(func(ctx context.Context, r Record) {
		to := l
		if to == nil {
			to = slog.Default()
		}
		line := slog.NewRecord(r.Time.UTC(), slog.LevelInfo, "decision", 0)
		line.AddAttrs(r.attrs()...)
		_ = to.Handler().Handle(ctx, line) // slog ignores errors of handlers too
	})
}
