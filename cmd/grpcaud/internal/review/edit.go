package review

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/draw"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/ordered"
)

// narrow returns the edits of a service: these narrowings of its entries, and the methods
// that are closed besides.
func (d *document) narrow(name string, all []narrowing, closed []string) ([]edit, error) {
	service := d.service(name)
	allow := ordered.Value(service, "allow")
	if allow == nil || allow.Kind != yaml.SequenceNode {
		return nil, errForm
	}
	at := slices.Index(service.Content, allow) / 2
	gone := map[int]bool{}
	var edits []edit
	for _, n := range all {
		if n.entry >= len(allow.Content) {
			return nil, errForm
		}
		if n.remove {
			gone[n.entry] = true
			continue
		}
		more, err := d.narrowEntry(allow.Content[n.entry], n)
		if err != nil {
			return nil, err
		}
		edits = append(edits, more...)
	}
	if len(gone) == len(allow.Content) {
		return d.close(service, at, closed, true)
	}
	more, err := d.withoutList(allow, func(i int) bool { return gone[i] })
	if err != nil {
		return nil, err
	}
	edits = append(edits, more...)
	more, err = d.close(service, at, closed, false)
	return append(edits, more...), err
}

// narrowEntry returns the edits of an entry that stays.
func (d *document) narrowEntry(entry *yaml.Node, n narrowing) ([]edit, error) {
	var edits []edit
	if clients := ordered.Value(entry, "clients"); len(n.clients) > 0 {
		if clients == nil || clients.Kind != yaml.SequenceNode {
			return nil, errForm
		}
		more, err := d.withoutList(clients, func(i int) bool { return n.clients[clients.Content[i].Value] })
		if err != nil {
			return nil, err
		}
		edits = more
	}
	if n.methods == nil {
		return edits, nil
	}
	methods := ordered.Value(entry, "methods")
	if methods == nil || methods.Kind != yaml.SequenceNode {
		return nil, errForm
	}
	more, err := d.narrowMethods(methods, n.methods)
	return append(edits, more...), err
}

// narrowMethods leaves these methods in a list. Those that it does not have stand in the
// place of "*".
func (d *document) narrowMethods(list *yaml.Node, stay []string) ([]edit, error) {
	var named, added []string
	for _, n := range list.Content {
		named = append(named, n.Value)
	}
	for _, method := range stay {
		if !slices.Contains(named, method) {
			added = append(added, method)
		}
	}
	star := slices.Index(named, descriptor.EveryMethod)
	edits, err := d.withoutList(list, func(i int) bool {
		return !slices.Contains(stay, named[i]) && (i != star || len(added) == 0)
	})
	if err != nil || len(added) == 0 {
		return edits, err
	}
	if star < 0 {
		return nil, errForm
	}
	more, err := d.replaceStar(list, star, added)
	return append(edits, more...), err
}

// replaceStar writes methods in the place of "*".
func (d *document) replaceStar(list *yaml.Node, star int, methods []string) ([]edit, error) {
	at, err := d.offset(list.Content[star])
	if err != nil {
		return nil, err
	}
	if c := d.data[at]; c != '"' && c != '\'' {
		return nil, errForm
	}
	e := edit{from: at, to: d.endOfQuotes(at) + 1, text: draw.YAMLList(methods)}
	if isFlow(list) {
		return []edit{e}, nil
	}
	r, dash, err := d.item(list.Content[star])
	if err != nil {
		return nil, err
	}
	e.text = draw.YAMLList(methods[:1])
	if len(methods) == 1 {
		return []edit{e}, nil
	}
	return []edit{e, d.behindLine(r.to-1, items(dash, methods[1:]))}, nil
}

// items writes items of a list in block style.
func items(column int, names []string) []string {
	lines := make([]string, len(names))
	for i, name := range names {
		lines[i] = strings.Repeat(" ", column) + "- " + draw.YAMLList([]string{name})
	}
	return lines
}

// widest is the longest line that is written, in bytes, if another form is possible.
const widest = 100

// close returns the edits that close methods of a service. The key allow is the pair at; if
// it is empty, it goes.
func (d *document) close(service *yaml.Node, at int, methods []string, empty bool) ([]edit, error) {
	closed := ordered.Value(service, "closed")
	switch {
	case isFlow(service):
		return d.closeFlow(service, at, closed, methods, empty)
	case closed != nil:
		edits, err := d.addClosed(closed, methods)
		if err != nil || !empty {
			return edits, err
		}
		r, _, err := d.pair(service, at)
		return append(edits, edit{from: d.begin(r.from), to: d.begin(r.to)}), err
	case len(methods) == 0 && !empty:
		return nil, nil
	}
	r, column, err := d.pair(service, at)
	if err != nil {
		return nil, err
	}
	lines := closing(column, methods)
	if !empty {
		return []edit{d.behindLine(r.to-1, lines)}, nil
	}
	e := edit{from: d.begin(r.from), to: d.begin(r.to)}
	for _, line := range lines {
		e.text += line + d.newline
	}
	return []edit{e}, nil
}

// closing writes the key closed in block style; nothing without methods.
func closing(column int, methods []string) []string {
	if len(methods) == 0 {
		return nil
	}
	indent := strings.Repeat(" ", column)
	line := indent + "closed: [" + draw.YAMLList(methods) + "]"
	if len(line) > widest {
		return append([]string{indent + "closed:"}, items(column+2, methods)...)
	}
	return []string{line}
}

// pair returns the lines of a pair of a mapping in block style, and the column of its key.
func (d *document) pair(mapping *yaml.Node, index int) (r region, column int, err error) {
	key, value := mapping.Content[2*index], mapping.Content[2*index+1]
	at, err := d.offset(key)
	if err != nil {
		return r, 0, err
	}
	if r.from, column, err = d.beginsLine(at); err != nil {
		return r, 0, err
	}
	r.to = d.endOfBlock(r.from, column)
	if !isFlow(value) && len(value.Content) > 0 { // its items may be in the column of the key
		item, _, err := d.item(value.Content[len(value.Content)-1])
		if err != nil {
			return r, 0, err
		}
		r.to = max(r.to, item.to)
	}
	return r, column, nil
}

// addClosed adds methods to a list.
func (d *document) addClosed(list *yaml.Node, methods []string) ([]edit, error) {
	switch {
	case len(methods) == 0:
		return nil, nil
	case list.Kind != yaml.SequenceNode || len(list.Content) == 0:
		return nil, errForm
	case !isFlow(list):
		r, dash, err := d.item(list.Content[len(list.Content)-1])
		return []edit{d.behindLine(r.to-1, items(dash, methods))}, err
	}
	all, err := d.flowItems(list)
	if err != nil {
		return nil, err
	}
	end := all[len(all)-1].to
	return []edit{{from: end, to: end, text: ", " + draw.YAMLList(methods)}}, nil
}

// closeFlow is close for a service in flow style.
func (d *document) closeFlow(service *yaml.Node, at int, closed *yaml.Node, methods []string, empty bool) ([]edit, error) {
	begin, err := d.offset(service)
	if err != nil {
		return nil, err
	}
	all, err := d.pieces(begin)
	if err != nil || 2*len(all) != len(service.Content) {
		return nil, errForm
	}
	text := "closed: [" + draw.YAMLList(methods) + "]"
	switch allow := all[at]; {
	case closed != nil:
		edits, err := d.addClosed(closed, methods)
		if empty {
			edits = append(edits, without(all, func(i int) bool { return i == at })...)
		}
		return edits, err
	case len(methods) == 0 && empty:
		return without(all, func(i int) bool { return i == at }), nil
	case len(methods) == 0:
		return nil, nil
	case empty:
		return []edit{{from: allow.from, to: allow.to, text: text}}, nil
	default:
		return []edit{{from: allow.to, to: allow.to, text: ", " + text}}, nil
	}
}
