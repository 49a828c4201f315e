package policyfile

import (
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/grpcaud/grpcaud/audience/access"
)

// never reads a statement that must hold of all ways.
func (r *reader) never(n *yaml.Node) (s access.Never) {
	r.fields(n, map[string]value{
		"from":         required(r.orWord("any", &s.FromAny, r.stringOrStrings(&s.From))),
		"to":           required(r.text("the name of a service", &s.To)),
		"methods":      r.strings("a list of method names", &s.Methods),
		"except":       r.strings("a list of method names", &s.Except),
		"through":      r.text("the name of a service", &s.Through),
		"without_user": r.boolean(&s.WithoutUser),
	})
	return s
}

// never refuses an included file that states something about a service of another file.
// So a team guards its own services, and stops no change of others.
func (f *files) never() {
	for _, r := range f.readers[1:] {
		for i, s := range r.statements {
			if f.owner(s.To) != r && f.owners[place{"external", s.To}] != r {
				n := locate(r.root, []string{"never", strconv.Itoa(i), "to"})
				r.finding(n, "%q is no service of this file: only %s can state what never reaches it", s.To, r.first)
			}
		}
	}
}
