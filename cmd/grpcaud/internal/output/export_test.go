package output

import (
	"bufio"
	"strings"
)

// TableText returns rows as a table, its first cell in a colour if there are any.
func TableText(coloured bool, rows [][]string) string {
	var b strings.Builder
	p := &Page{bufio.NewWriter(&b), coloured}
	rows[0][0] = p.Colour(Bad, rows[0][0])
	p.Table("", rows)
	p.Flush()
	return b.String()
}
