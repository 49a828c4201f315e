package review

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// region is a range of whole lines.
type region struct{ from, to int }

// item returns the lines of an item of a list in block style, without the comments above it,
// and the column of its dash.
func (d *document) item(n *yaml.Node) (r region, dash int, err error) {
	at, err := d.offset(n)
	if err != nil {
		return r, 0, err
	}
	for at--; at >= 0 && isBlank(d.data[at]); at-- {
	}
	if at < 0 || d.data[at] != '-' {
		return r, 0, errForm
	}
	if r.from, dash, err = d.beginsLine(at); err != nil {
		return r, 0, err
	}
	r.to = d.endOfBlock(r.from, dash)
	return r, dash, nil
}

// beginsLine returns the line that begins at an offset, and the column of its begin.
func (d *document) beginsLine(at int) (line, column int, err error) {
	line = d.lineOf(at)
	column = at - d.starts[line]
	if strings.TrimLeft(string(d.data[d.starts[line]:at]), " ") != "" {
		return 0, 0, errForm
	}
	return line, column, nil
}

// endOfBlock returns the line behind those that are further to the right than a column, and
// follow a line. White space at the end is not part of them.
func (d *document) endOfBlock(line, column int) int {
	end := line + 1
	for i := end; i < d.lines(); i++ {
		switch indent := d.indent(i); {
		case indent > column:
			end = i + 1
		case indent >= 0:
			return end
		}
	}
	return end
}

// withComments adds to the lines of an item the comments above it, which begin in the column
// of its dash.
func (d *document) withComments(r region, dash int) region {
	for r.from > 0 && d.indent(r.from-1) == dash && d.line(r.from - 1)[dash] == '#' {
		r.from--
	}
	return r
}

// withoutItems removes items of a list in block style, of which some stay.
func (d *document) withoutItems(list *yaml.Node, gone func(int) bool) ([]edit, error) {
	var edits []edit
	for i, n := range list.Content {
		if !gone(i) {
			continue
		}
		r, dash, err := d.item(n)
		if err != nil {
			return nil, err
		}
		r = d.withComments(r, dash)
		isLast := i == len(list.Content)-1
		for !isLast && (i == 0 || d.indent(r.from-1) < 0) && d.indent(r.to) < 0 {
			r.to++ // of the empty lines around it, those above stay
		}
		edits = append(edits, edit{from: d.begin(r.from), to: d.begin(r.to)})
	}
	return edits, nil
}

// behindLine inserts lines behind a line.
func (d *document) behindLine(line int, lines []string) edit {
	at, text := d.begin(line+1), strings.Join(lines, d.newline)
	if at > 0 && d.data[at-1] != '\n' { // the file does not end with a newline
		return edit{from: at, to: at, text: d.newline + text}
	}
	return edit{from: at, to: at, text: text + d.newline}
}

// withoutList removes a list from some of whose items others stay, in either style.
func (d *document) withoutList(list *yaml.Node, gone func(int) bool) ([]edit, error) {
	if !isFlow(list) {
		return d.withoutItems(list, gone)
	}
	all, err := d.flowItems(list)
	if err != nil {
		return nil, err
	}
	return without(all, gone), nil
}
