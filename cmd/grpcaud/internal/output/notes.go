package output

import (
	"fmt"
	"io"
	"slices"
)

// WriteNotes writes what was not done, such as "exported", each text once.
func WriteNotes(w io.Writer, done string, notes []string) {
	slices.Sort(notes)
	for _, note := range slices.Compact(notes) {
		fmt.Fprintf(w, "grpcaud: not %s: %s\n", done, Printable(note))
	}
}
