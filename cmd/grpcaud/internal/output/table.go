package output

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// Table writes rows with aligned columns; each line begins with indent.
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

// width returns the number of columns that s takes on a terminal.
func width(s string) int { return utf8.RuneCountInString(colours.ReplaceAllString(s, "")) }

// Header returns the header row of a table.
func (p *Page) Header(titles ...string) []string {
	row := make([]string, len(titles))
	for i, title := range titles {
		row[i] = p.Colour(Faint, title)
	}
	return row
}
