package draw

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// edge is what one entry lets one client do at one service.
type edge struct{ from, to, label string }

// graph returns the names of the nodes of d, and the edges between them.
func (d *Drawing) graph() (clients, services []string, edges []edge) {
	seen := map[string]bool{}
	for _, s := range d.Services {
		services = append(services, s.Name)
		for _, e := range s.Allow {
			for _, client := range e.clientNames() {
				if !seen[client] {
					seen[client] = true
					clients = append(clients, client)
				}
				edges = append(edges, edge{client, s.Name, output.List(e.methodNames()) + ": " + e.demands.String() + e.behind()})
			}
		}
	}
	slices.Sort(clients)
	return clients, services, edges
}

// behind returns p in brackets, to stand behind a label; empty if the matrix says nothing.
func (p purpose) behind() string {
	if !p.Said() {
		return ""
	}
	return " (" + p.inWords() + ")"
}

// reasons returns what stands behind the labels of nodes.
func (d *Drawing) reasons() map[string]string {
	reasons := map[string]string{}
	for _, s := range d.Services {
		reasons["service "+s.Name] = s.behind()
	}
	for _, c := range d.Clients {
		reasons["client "+c.Name] = c.behind()
	}
	return reasons
}

// anybody is the client of public methods.
const anybody = "anybody, without a token"

func (d *Drawing) mermaid(p *output.Page) {
	clients, services, edges := d.graph()
	reasons := d.reasons()
	id := map[string]string{}
	p.Printf("flowchart LR\n")
	for i, name := range clients {
		id["client "+name] = fmt.Sprintf("c%d", i)
		p.Printf("  c%d([\"%s\"])\n", i, mermaid(name+reasons["client "+name]))
	}
	for i, name := range services {
		id["service "+name] = fmt.Sprintf("s%d", i)
		p.Printf("  s%d[\"%s\"]\n", i, mermaid(name+reasons["service "+name]))
	}
	for _, e := range edges {
		p.Printf("  %s -->|\"%s\"| %s\n", id["client "+e.from], mermaid(e.label), id["service "+e.to])
	}
	for i, name := range d.Public {
		p.Printf("  anybody([\"%s\"]) -.-> p%d[\"%s\"]\n", anybody, i, mermaid(name))
	}
}

// mermaid escapes a label: characters that could end it or mean something in it become
// entity codes.
func mermaid(text string) string {
	var b strings.Builder
	for _, r := range output.Printable(text) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" .,:/-_=", r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "#%d;", r)
		}
	}
	return b.String()
}

func (d *Drawing) dot(p *output.Page) {
	clients, services, edges := d.graph()
	reasons := d.reasons()
	p.Printf("digraph matrix {\n  rankdir=LR;\n  node [fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\", fontsize=10];\n")
	for _, name := range clients {
		p.Printf("  %s [label=%s, shape=box, style=rounded];\n", dot("client "+name), dot(name+reasons["client "+name]))
	}
	for _, name := range services {
		p.Printf("  %s [label=%s, shape=box];\n", dot("service "+name), dot(name+reasons["service "+name]))
	}
	for _, e := range edges {
		p.Printf("  %s -> %s [label=%s];\n", dot("client "+e.from), dot("service "+e.to), dot(e.label))
	}
	for _, name := range d.Public {
		p.Printf("  %s [label=%s, shape=box];\n", dot("public "+name), dot(name))
		p.Printf("  %s -> %s [style=dashed];\n", dot(anybody), dot("public "+name))
	}
	p.Printf("}\n")
}

var dotEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// dot returns a quoted string of the DOT language.
func dot(text string) string { return `"` + dotEscapes.Replace(output.Printable(text)) + `"` }
