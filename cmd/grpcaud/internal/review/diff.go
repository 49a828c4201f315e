package review

import (
	"fmt"
	"slices"
	"strings"
)

// context is how many unchanged lines stand around a change.
const context = 3

// unified returns the difference of two texts of a file in unified form, which patch -p1 and
// git apply take.
func unified(name, before, after string) string {
	old, now := slices.Collect(strings.Lines(before)), slices.Collect(strings.Lines(after))
	var b strings.Builder
	fmt.Fprintf(&b, "--- %s\n+++ %s\n", quoted("a/"+name), quoted("b/"+name))
	for _, h := range hunks(old, now) {
		h.write(&b, old, now)
	}
	return b.String()
}

// quoted writes the name of a file as git does.
func quoted(name string) string {
	if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '"' || r == '\\' }) {
		var b strings.Builder
		for _, c := range []byte(name) {
			if c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
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

// change replaces the lines from i to iEnd of the old text by those from j to jEnd of the new.
type change struct{ i, iEnd, j, jEnd int }

// changes compares two texts line by line: it looks for the next place at which both go on
// alike.
func changes(old, now []string) []change {
	var all []change
	for i, j := 0, 0; i < len(old) || j < len(now); {
		if i < len(old) && j < len(now) && old[i] == now[j] {
			i, j = i+1, j+1
			continue
		}
		c := change{i: i, j: j}
		c.iEnd, c.jEnd = resume(old, now, i, j)
		for c.iEnd > i && c.jEnd > j && old[c.iEnd-1] == now[c.jEnd-1] {
			c.iEnd, c.jEnd = c.iEnd-1, c.jEnd-1
		}
		i, j = c.iEnd, c.jEnd
		all = append(all, c)
	}
	return all
}

// resume returns the nearest lines behind i and j from which on both texts are alike for some
// lines, or both end.
func resume(old, now []string, i, j int) (int, int) {
	for distance := 1; distance <= len(old)-i+len(now)-j; distance++ {
		for added := max(0, distance-(len(old)-i)); added <= min(distance, len(now)-j); added++ {
			if a, b := i+distance-added, j+added; alike(old[a:], now[b:]) {
				return a, b
			}
		}
	}
	return len(old), len(now)
}

// alike reports whether two texts begin with the same lines, or are both empty.
func alike(old, now []string) bool {
	n := min(context, max(len(old), len(now)))
	return len(old) >= n && len(now) >= n && slices.Equal(old[:n], now[:n])
}

// hunk is a group of changes that are near to each other.
type hunk []change

func hunks(old, now []string) []hunk {
	var all []hunk
	for _, c := range changes(old, now) {
		if n := len(all); n > 0 && c.i-all[n-1][len(all[n-1])-1].iEnd <= 2*context {
			all[n-1] = append(all[n-1], c)
		} else {
			all = append(all, hunk{c})
		}
	}
	return all
}

// write writes a hunk with the lines around it.
func (h hunk) write(b *strings.Builder, old, now []string) {
	first, last := h[0], h[len(h)-1]
	before, behind := min(context, first.i), min(context, len(old)-last.iEnd)
	from, to := first.i-before, last.iEnd+behind
	fmt.Fprintf(b, "@@ -%s +%s @@\n", extent(from, to), extent(first.j-before, last.jEnd+behind))
	at := from
	for _, c := range h {
		lines(b, " ", old[at:c.i])
		lines(b, "-", old[c.i:c.iEnd])
		lines(b, "+", now[c.j:c.jEnd])
		at = c.iEnd
	}
	lines(b, " ", old[at:to])
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
