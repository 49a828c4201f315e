package output

import "time"

// Stamp writes a time in UTC.
func Stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Day writes the day of a time in UTC.
func Day(t time.Time) string { return t.UTC().Format(time.DateOnly) }
