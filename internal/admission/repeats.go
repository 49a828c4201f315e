package admission

import (
	"log/slog"
	"strings"
)

// maxRepeatIDs is how many request ids of refusals without a line are remembered of
// each kind, the latest.
const maxRepeatIDs = 8

// repeats are refusals of one kind that have no line of their own.
type repeats struct {
	times uint64
	ids   []string // of the latest, in no order
}

// add counts one more; an id that is empty, or that is no id, is left out.
func (r *repeats) add(id string) {
	if id = CleanID(id); id != "" {
		id = strings.Clone(id) // the peer may have cut it from something long
		if len(r.ids) < maxRepeatIDs {
			r.ids = append(r.ids, id)
		} else {
			r.ids[r.times%maxRepeatIDs] = id
		}
	}
	r.times++
}

// repeated adds how often the same happened without a line, if it did.
func (l *logLine) repeated(r repeats) {
	if r.times == 0 {
		return
	}
	l.attrs = append(l.attrs, slog.Uint64("repeated", r.times))
	if len(r.ids) > 0 {
		l.list("request_ids", r.ids, maxIDs)
	}
}
