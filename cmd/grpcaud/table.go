package main

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// table writes rows with their columns aligned, each line begun with indent.
func (p *page) table(indent string, rows [][]string) {
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
		p.printf("%s\n", strings.TrimRight(line, " "))
	}
}

var colours = regexp.MustCompile("\x1b\\[[0-9]+m")

// width is how many columns of a terminal s takes.
func width(s string) int { return utf8.RuneCountInString(colours.ReplaceAllString(s, "")) }

// head returns the first row of a table.
func (p *page) head(titles ...string) []string {
	row := make([]string, len(titles))
	for i, title := range titles {
		row[i] = p.in(faint, title)
	}
	return row
}
