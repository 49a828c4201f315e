package output

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// Table writes rows with their columns aligned, each line begun with indent.
func (p *Page) Table(indent string, rows [][]string) {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], width(cell))
		}
	}
	for _, row := range rows {
		line := indent
		for i, cell := range row {
			line += cell + strings.Repeat(" ", widths[i]-width(cell)+2)
		}
		p.Printf("%s\n", strings.TrimRight(line, " "))
	}
}

var colours = regexp.MustCompile("\x1b\\[[0-9]+m")

// width is how many columns of a terminal s takes.
func width(s string) int { return utf8.RuneCountInString(colours.ReplaceAllString(s, "")) }

// Header returns the first row of a table.
func (p *Page) Header(titles ...string) []string {
	row := make([]string, len(titles))
	for i, title := range titles {
		row[i] = p.Colour(Faint, title)
	}
	return row
}
