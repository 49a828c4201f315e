package admission

import (
	"log/slog"
	"strings"
)

// maxRepeatIDs is how many request ids are kept of the refusals of a kind that have no
// line. The latest ones are kept.
const maxRepeatIDs = 8

// repeats are refusals of one kind that have no line of their own.
type repeats struct {
	times uint64
	ids   []string // of the latest refusals, in no order
}

// add counts one more refusal. It leaves out an id that is empty or not valid.
func (r *repeats) add(id string) {
	if id = CleanID(id); id != "" {
		id = strings.Clone(id) // it may be a part of a long text
		if len(r.ids) < maxRepeatIDs {
			r.ids = append(r.ids, id)
		} else {
			r.ids[r.times%maxRepeatIDs] = id
		}
	}
	r.times++
}

// repeated adds how many refusals had no line, if there were any.
func (l *logLine) repeated(r repeats) {
	if r.times == 0 {
		return
	}
	l.attrs = append(l.attrs, slog.Uint64("repeated", r.times))
	if len(r.ids) > 0 {
		l.list("request_ids", r.ids, maxIDs)
	}
}
