package review

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// longest is the longest time before now that a review may begin.
const longest = 100 * 365 * 24 * time.Hour

// Since reads the beginning of a review: a time before now, such as 90d or 12h, a date or a
// time (RFC 3339). A date is the beginning of that day in UTC. The empty text is the zero
// time.
func Since(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, ok := moment(text, now)
	switch {
	case !ok:
		return at, fmt.Errorf("--since %.40q: want how long ago, such as 90d or 12h, or a date such as %s", text, output.Day(now.Add(-90*24*time.Hour)))
	case at.After(now):
		return at, fmt.Errorf("--since %.40q is not over yet: it is %s now", text, output.Stamp(now))
	}
	return at, nil
}

func moment(text string, now time.Time) (time.Time, bool) {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	ago, err := time.ParseDuration(text)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, dayErr := strconv.ParseUint(days, 10, 16)
		ago, err = time.Duration(n)*24*time.Hour, dayErr
	}
	return now.Add(-ago), err == nil && ago > 0 && ago <= longest
}
