package output

import "time"

// Stamp writes a time in UTC.
func Stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Day writes the day of a time in UTC.
func Day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// Days writes the days from one time to another, or the one on which both are.
func Days(first, last time.Time) string {
	from, to := Day(first), Day(last)
	if from == to {
		return from
	}
	return from + " to " + to
}
