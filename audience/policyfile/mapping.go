package policyfile

import (
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/grpcaud/grpcaud/internal/nearest"
)

// fields reads a mapping with these keys.
func (r *reader) fields(n *yaml.Node, known map[string]value) {
	if r.isProbe(n, func() schema { return r.ofFields(known) }) || !r.is(aMapping, n, "a mapping") {
		return
	}
	names := slices.Sorted(maps.Keys(known))
	seen, hints := map[string]bool{}, ""
	for key, n := range r.entries(n) {
		v, ok := known[key.Value]
		if !ok {
			hint := nearest.Hint(key.Value, names)
			hints += hint
			r.finding(key, "unknown key %.64q%s", key.Value, hint)
			continue
		}
		seen[key.Value] = true
		v.read(n)
	}
	for _, name := range names {
		if v := known[name]; v.required && !seen[name] && !strings.Contains(hints, strconv.Quote(name)) {
			r.finding(n, "missing key %q: want %s", name, v.want)
		}
	}
}

// named reads a mapping from names to values, each of which it reads with read.
func named[T any](r *reader, want string, to *map[string]T, read func(*yaml.Node) T) value {
	one := func(n *yaml.Node) { read(n) }
	return value{want: want, read: func(n *yaml.Node) {
		if r.isProbe(n, func() schema { return schema{"type": "object", "additionalProperties": r.describe(one)} }) || !r.is(aMapping, n, want) {
			return
		}
		*to = map[string]T{}
		for key, n := range r.entries(n) {
			(*to)[key.Value] = read(n)
		}
	}}
}

// entries yields the keys and values of a mapping. A key that is not a string, and a
// duplicate key, is a finding.
func (r *reader) entries(n *yaml.Node) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(key, value *yaml.Node) bool) {
		first := map[string]int{}
		for pair := range slices.Chunk(n.Content, 2) {
			if r.full() {
				return
			}
			key := pair[0]
			if !r.is(aString, key, "a name") {
				continue
			}
			if line, twice := first[key.Value]; twice {
				r.finding(key, "duplicate key %.64q, first on line %d", key.Value, line)
				continue
			}
			first[key.Value] = key.Line
			if !yield(key, pair[1]) {
				return
			}
		}
	}
}

// locate returns the node that the path of an [access.Problem] leads to: a
// key or an item. If the file does not have it, it is the last node on the path.
func locate(root *yaml.Node, path []string) *yaml.Node {
	place, n := root, root
	for _, step := range path {
		key, value := child(n, step)
		if key == nil && step == "issuers" {
			key, value = child(n, "issuer")
		}
		if key == nil {
			break
		}
		place, n = key, value
	}
	return place
}

// child returns the place and the value of the entry or item of n with the name or
// number step.
func child(n *yaml.Node, step string) (place, value *yaml.Node) {
	if n.Kind == yaml.SequenceNode {
		if i, err := strconv.Atoi(step); err == nil && 0 <= i && i < len(n.Content) {
			return n.Content[i], n.Content[i]
		}
		return nil, nil
	}
	if n.Kind == yaml.MappingNode {
		for pair := range slices.Chunk(n.Content, 2) {
			if pair[0].Value == step {
				return pair[0], pair[1]
			}
		}
	}
	return nil, nil
}
