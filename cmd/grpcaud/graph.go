package main

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// edge is what one client may do at one service, by one entry.
type edge struct{ from, to, label string }

// graph returns d as nodes, by what they are called, and edges between them.
func (d *drawing) graph() (clients, services []string, edges []edge) {
	seen := map[string]bool{}
	for _, s := range d.Services {
		services = append(services, s.Name)
		for _, e := range s.Allow {
			for _, client := range e.who() {
				if !seen[client] {
					seen[client] = true
					clients = append(clients, client)
				}
				edges = append(edges, edge{client, s.Name, words(e.what()) + ": " + e.demands.String()})
			}
		}
	}
	slices.Sort(clients)
	return clients, services, edges
}

// anybody is the label of what anybody may call.
const anybody = "anybody, without a token"

func (d *drawing) mermaid(p *page) {
	clients, services, edges := d.graph()
	id := map[string]string{}
	p.printf("flowchart LR\n")
	for i, name := range clients {
		id["client "+name] = fmt.Sprintf("c%d", i)
		p.printf("  c%d([\"%s\"])\n", i, mermaid(name))
	}
	for i, name := range services {
		id["service "+name] = fmt.Sprintf("s%d", i)
		p.printf("  s%d[\"%s\"]\n", i, mermaid(name))
	}
	for _, e := range edges {
		p.printf("  %s -->|\"%s\"| %s\n", id["client "+e.from], mermaid(e.label), id["service "+e.to])
	}
	for i, name := range d.Public {
		p.printf("  anybody([\"%s\"]) -.-> p%d[\"%s\"]\n", anybody, i, mermaid(name))
	}
}

// mermaid returns text for a label: what could end the label, or mean something
// in it, as an entity code.
func mermaid(text string) string {
	var b strings.Builder
	for _, r := range printable(text) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" .,:/-_=", r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "#%d;", r)
		}
	}
	return b.String()
}

func (d *drawing) dot(p *page) {
	clients, services, edges := d.graph()
	p.printf("digraph matrix {\n  rankdir=LR;\n  node [fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\", fontsize=10];\n")
	for _, name := range clients {
		p.printf("  %s [label=%s, shape=box, style=rounded];\n", dot("client "+name), dot(name))
	}
	for _, name := range services {
		p.printf("  %s [label=%s, shape=box];\n", dot("service "+name), dot(name))
	}
	for _, e := range edges {
		p.printf("  %s -> %s [label=%s];\n", dot("client "+e.from), dot("service "+e.to), dot(e.label))
	}
	for _, name := range d.Public {
		p.printf("  %s [label=%s, shape=box];\n", dot("public "+name), dot(name))
		p.printf("  %s -> %s [style=dashed];\n", dot(anybody), dot("public "+name))
	}
	p.printf("}\n")
}

var dotEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// dot returns a quoted string of the DOT language.
func dot(text string) string { return `"` + dotEscapes.Replace(printable(text)) + `"` }
