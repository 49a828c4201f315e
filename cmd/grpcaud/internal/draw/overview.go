package draw

import (
	"fmt"
	"slices"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
)

// mostMarks is the largest number of marks in an overview; more are of no use.
const mostMarks = 2500

// overview shows each client at each service.
type overview struct {
	Services []string
	Rows     []overviewRow
}

type overviewRow struct {
	Client string
	Marks  []mark
}

// mark says what a client may call of a service. Extent is "all methods", "some methods" or
// "none".
type mark struct {
	Extent string
	Why    why
}

// overview returns nil if there are too many clients and services, or only one service.
func (d *Drawing) overview() *overview {
	named, services, _ := d.graph()
	clients := slices.Compact(slices.Sorted(slices.Values(slices.Concat(named, d.clients))))
	if len(clients)*len(services) > mostMarks || len(services) < 2 {
		return nil
	}
	o := &overview{Services: services}
	for i, client := range clients {
		row := overviewRow{Client: client}
		for j, s := range d.Services {
			row.Marks = append(row.Marks, s.mark(fmt.Sprintf("why-%d-%d", i, j), client))
		}
		o.Rows = append(o.Rows, row)
	}
	return o
}

// mark returns the mark of a client. Its id is that of an element of the page.
func (s service) mark(id, client string) mark {
	var entries cell
	extent := "none"
	for _, e := range s.Allow {
		if !e.AnyClient && !slices.Contains(e.Clients, client) {
			continue
		}
		entries = append(entries, e)
		if extent == "none" {
			extent = "some methods"
		}
		if slices.Contains(e.Methods, descriptor.EveryMethod) && len(e.closed) == 0 {
			extent = "all methods"
		}
	}
	names := slices.DeleteFunc([]string{client}, func(name string) bool { return name == fmt.Sprintf(anyClient, "") })
	return mark{extent, s.why(id, []string{client}, nil, entries, newEntry(names, nil))}
}
