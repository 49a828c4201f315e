package review

import (
	"fmt"
	"slices"
	"strings"
)

// context is how many unchanged lines stand around a change.
const context = 3

// unified returns what these edits change in a document, in unified form, which patch -p1 and
// git apply take. The edits are in their order, and do not overlap.
func (d *document) unified(name string, edits []edit) string {
	old := slices.Collect(strings.Lines(string(d.data)))
	var b strings.Builder
	fmt.Fprintf(&b, "--- %s\n+++ %s\n", quoted("a/"+name), quoted("b/"+name))
	added := 0 // by which the lines of the result are ahead
	for _, h := range hunks(d.changes(old, edits)) {
		added = h.write(&b, old, added)
	}
	return b.String()
}

// quoted writes the name of a file as git does: the bytes of what is not ASCII as numbers, so
// that no name controls the terminal.
func quoted(name string) string {
	special := func(c byte) bool { return c < ' ' || c >= 0x7f || c == '"' || c == '\\' }
	if slices.ContainsFunc([]byte(name), special) {
		var b strings.Builder
		for _, c := range []byte(name) {
			if special(c) {
				fmt.Fprintf(&b, `\%03o`, c)
			} else {
				b.WriteByte(c)
			}
		}
		return `"` + b.String() + `"`
	}
	if strings.Contains(name, " ") {
		return name + "\t" // which ends a name with white space
	}
	return name
}

// change replaces the lines from from to before to.
type change struct {
	from, to int
	lines    []string
}

// changes returns which lines the edits change.
func (d *document) changes(old []string, edits []edit) []change {
	var all []change
	for i := 0; i < len(edits); {
		c := change{from: d.lineOf(edits[i].from)}
		at, text := d.begin(c.from), ""
		if c.from == 0 {
			at = 0 // before a byte order mark
		}
		for first := true; first || i < len(edits) && d.lineOf(edits[i].from) < c.to; first = false {
			e := edits[i]
			text += string(d.data[at:e.from]) + e.text
			at, c.to = e.to, max(c.to, min(d.lineOf(e.to)+1, len(old)))
			i++
		}
		text += string(d.data[at:max(at, d.begin(c.to))])
		c.lines = slices.Collect(strings.Lines(text))
		if c, n := c.trimmed(old), len(all); n > 0 && all[n-1].to == c.from {
			all[n-1].to, all[n-1].lines = c.to, append(all[n-1].lines, c.lines...)
		} else {
			all = append(all, c)
		}
	}
	return all
}

// trimmed leaves out the lines at both ends that do not change.
func (c change) trimmed(old []string) change {
	for n := len(c.lines); c.to > c.from && n > 0 && old[c.to-1] == c.lines[n-1]; n-- {
		c.to, c.lines = c.to-1, c.lines[:n-1]
	}
	for c.to > c.from && len(c.lines) > 0 && old[c.from] == c.lines[0] {
		c.from, c.lines = c.from+1, c.lines[1:]
	}
	return c
}

// hunk is a group of changes that are near to each other.
type hunk []change

func hunks(changes []change) []hunk {
	var all []hunk
	for _, c := range changes {
		if n := len(all); n > 0 && c.from-all[n-1][len(all[n-1])-1].to <= 2*context {
			all[n-1] = append(all[n-1], c)
		} else {
			all = append(all, hunk{c})
		}
	}
	return all
}

// write writes a hunk with the lines around it. It takes and returns by how many lines the
// result is ahead.
func (h hunk) write(b *strings.Builder, old []string, added int) int {
	from, to := max(0, h[0].from-context), min(len(old), h[len(h)-1].to+context)
	before := added
	for _, c := range h {
		added += len(c.lines) - (c.to - c.from)
	}
	fmt.Fprintf(b, "@@ -%s +%s @@\n", extent(from, to), extent(from+before, to+added))
	at := from
	for _, c := range h {
		lines(b, " ", old[at:c.from])
		lines(b, "-", old[c.from:c.to])
		lines(b, "+", c.lines)
		at = c.to
	}
	lines(b, " ", old[at:to])
	return added
}

// extent writes which lines a hunk is about, from 1.
func extent(from, to int) string {
	if to == from {
		return fmt.Sprintf("%d,0", from)
	}
	return fmt.Sprintf("%d,%d", from+1, to-from)
}

func lines(b *strings.Builder, mark string, all []string) {
	for _, line := range all {
		b.WriteString(mark + line)
		if !strings.HasSuffix(line, "\n") {
			b.WriteString("\n\\ No newline at end of file\n")
		}
	}
}
