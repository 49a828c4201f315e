package policyfile

import (
	"go.yaml.in/yaml/v3"

	"github.com/grpcaud/grpcaud/audience/access"
)

// http reads which HTTP requests call a service.
func (r *reader) http(to **access.HTTP) value {
	const want = "{operations: …}"
	return value{want: want, read: func(n *yaml.Node) {
		h := &access.HTTP{}
		r.fields(n, map[string]value{
			"operations":    r.operations(&h.Operations),
			"resource":      r.text("a URL such as https://orders.example.com", &h.Resource),
			"documentation": r.text("a URL such as https://docs.example.com/orders", &h.Documentation),
		})
		if n.Kind == yaml.MappingNode {
			*to = h
		}
	}}
}

// operations reads the patterns of each operation. The mapping must not be empty.
func (r *reader) operations(to *map[string][]string) value {
	return r.some(named(r, "a mapping from operations to patterns", to, func(n *yaml.Node) (patterns []string) {
		r.stringOrStrings(&patterns).read(n)
		return patterns
	}))
}
