package draw

import (
	"strings"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// Changes are the differences between two matrices, service by service.
type changes []change

// change is one difference. Clients and Methods are empty if it is not about calls.
type change struct {
	Kind    string   `json:"change"`
	Where   string   `json:"where"`
	Clients []string `json:"clients,omitempty"`
	Methods []string `json:"methods,omitempty"`
	Old     []string `json:"old,omitempty"` // of calls: alternative demands
	New     []string `json:"new,omitempty"`
}

// The kinds of changes.
const (
	gains    = "gains"
	loses    = "loses"
	weaker   = "weaker"
	stronger = "stronger"
	other    = "other"
	changed  = "changed"
	purposes = "purpose" // the matrix explains something otherwise, and nobody may call more or less
)

var changeColours = map[string]string{gains: output.Doubt, weaker: output.Doubt, loses: output.Good, stronger: output.Good, other: output.Bold, changed: output.Bold}

func (c changes) Write(p *output.Page, format string) {
	titles := []string{"CHANGE", "WHERE", "CLIENTS", "METHODS", "OLD", "NEW"}
	switch {
	case len(c) == 0:
		p.Printf("no difference\n")
	case format == "markdown":
		var rows [][]string
		for _, x := range c {
			rows = append(rows, x.row(output.List))
		}
		for i := range titles {
			titles[i] = strings.ToLower(titles[i])
		}
		p.MarkdownTable(titles, rows)
	default:
		rows := [][]string{p.Header(titles...)}
		for _, x := range c {
			row := x.row(output.Few)
			row[0] = p.Colour(changeColours[x.Kind], row[0])
			rows = append(rows, row)
		}
		p.Table("", rows)
	}
}

func (c change) row(list func([]string) string) []string {
	return []string{c.Kind, output.Printable(c.Where), list(c.Clients), list(c.Methods), c.join(c.Old), c.join(c.New)}
}

// join joins values, or the alternatives of calls.
func (c change) join(values []string) string {
	if len(c.Clients) > 0 {
		return output.Join(values, "; or ")
	}
	return output.List(values)
}
