package draw

import (
	_ "embed"
	"html/template"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

//go:embed matrix.html
var matrixPage string

// mostMarks is the largest number of marks in an overview; more are of no use.
const mostMarks = 2500

var matrixTemplate = template.Must(template.New("matrix").Funcs(template.FuncMap{
	"alternatives": cell.demands,
	"why":          cell.why,
	"grid":         service.grid,
	"plain":        output.Printable,
}).Parse(matrixPage))

func (d *Drawing) html(p *output.Page) {
	// Its error can only be that of p, and Flush returns it.
	_ = matrixTemplate.Execute(p, map[string]any{"Drawing": d, "Overview": d.overview()})
}

// why lists the entries of a cell with their demands.
func (c cell) why() string {
	if len(c) == 0 {
		return "no entry admits this"
	}
	lines := make([]string, len(c))
	for i, e := range c {
		lines[i] = e.Place + ": " + e.demands.String()
	}
	return strings.Join(lines, "\n")
}

// overview shows each client at each service.
type overview struct {
	Services []string
	Rows     []overviewRow
}

type overviewRow struct {
	Client string
	Marks  []mark
}

// mark says what a client may call of a service. Extent is "all", "some" or empty.
type mark struct{ Service, Extent, Why string }

// overview returns nil if there are too many clients and services, or only one service.
func (d *Drawing) overview() *overview {
	clients, services, _ := d.graph()
	if len(clients)*len(services) > mostMarks || len(services) < 2 {
		return nil
	}
	o := &overview{Services: services}
	for _, client := range clients {
		row := overviewRow{Client: client}
		for _, s := range d.Services {
			row.Marks = append(row.Marks, s.mark(client))
		}
		o.Rows = append(o.Rows, row)
	}
	return o
}

func (s service) mark(client string) mark {
	m := mark{Service: s.Name, Why: "no entry admits this"}
	var why []string
	for _, e := range s.Allow {
		if !e.AnyClient && !slices.Contains(e.Clients, client) {
			continue
		}
		why = append(why, output.List(e.methodNames())+": "+e.demands.String())
		if m.Extent == "" {
			m.Extent = "some"
		}
		if slices.Contains(e.Methods, descriptor.EveryMethod) && len(e.closed) == 0 {
			m.Extent = "all"
		}
	}
	if len(why) > 0 {
		m.Why = strings.Join(why, "\n")
	}
	return m
}
