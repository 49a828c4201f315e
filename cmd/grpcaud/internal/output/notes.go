package output

import (
	"fmt"
	"io"
	"slices"
)

// WriteNotes writes what was not done, and why: each note once, in a line. done is a
// participle such as "exported".
func WriteNotes(w io.Writer, done string, notes []string) {
	slices.Sort(notes)
	for _, note := range slices.Compact(notes) {
		fmt.Fprintf(w, "grpcaud: not %s: %s\n", done, Printable(note))
	}
}
