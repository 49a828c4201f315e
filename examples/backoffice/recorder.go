package main

import (
	"fmt"
	"time"
)

// recorder receives every call as it ends, shows it through a view, and keeps those
// that did not end as expected.
type recorder struct {
	view   view
	calls  int
	differ []row
}

// view is a way to show the calls.
type view interface {
	scene(title string)
	row(row)
	remark(text string)
	end(calls int, differ []row, took time.Duration)
}

func (r *recorder) scene(title string) { r.view.scene(title) }

func (r *recorder) row(call row) {
	r.calls++
	if !call.asExpected() {
		r.differ = append(r.differ, call)
	}
	r.view.row(call)
}

func (r *recorder) remark(format string, args ...any) { r.view.remark(fmt.Sprintf(format, args...)) }

// finish shows how it went. The error is errDiffers if a call did not end as expected.
func (r *recorder) finish(took time.Duration) error {
	r.view.end(r.calls, r.differ, took)
	if len(r.differ) > 0 {
		return fmt.Errorf("%w: %d of %d differ", errDiffers, len(r.differ), r.calls)
	}
	return nil
}

// difference says what was expected of a call that ended otherwise.
func difference(r row) string {
	text := fmt.Sprintf("got %s %s, want %s %s", r.Code, r.Reason, r.want.code, r.want.reason)
	if r.Over != "" {
		text = "over " + r.Over + ", " + text
	}
	if r.extra != nil {
		text += fmt.Sprintf("; %v", r.extra)
	}
	return text
}
