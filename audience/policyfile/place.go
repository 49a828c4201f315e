package policyfile

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// places returns the function of [access.Policy.WithPlaces]. It knows the
// issuers, services, APIs of others and clients, the keys of each, and the items of a list
// there, such as the entries of allow. It keeps no file in memory.
func (f *files) places() func(path ...string) string {
	lines := map[string]string{}
	for _, r := range f.readers {
		for _, section := range []string{"issuers", "services", "external", "clients"} {
			if r.root == nil {
				continue
			}
			_, entries := child(r.root, section)
			each(entries, func(name, entry *yaml.Node) {
				path := []string{section, name.Value}
				lines[joinPath(path)] = r.placeOf(name)
				each(entry, func(key, value *yaml.Node) {
					under := append(path, key.Value)
					lines[joinPath(under)] = r.placeOf(key)
					for i, item := range items(value) {
						lines[joinPath(append(under, strconv.Itoa(i)))] = r.placeOf(item)
					}
				})
			})
		}
	}
	return func(path ...string) string { return lines[joinPath(path)] }
}

// each calls do for each key of a mapping with its value.
func each(n *yaml.Node, do func(key, value *yaml.Node)) {
	if n == nil || n.Kind != yaml.MappingNode {
		return
	}
	for pair := range slices.Chunk(n.Content, 2) {
		do(pair[0], pair[1])
	}
}

// items returns the items of a list.
func items(n *yaml.Node) []*yaml.Node {
	if n.Kind != yaml.SequenceNode {
		return nil
	}
	return n.Content
}

// placeOf names the file and the line of a node.
func (r *reader) placeOf(n *yaml.Node) string { return (&Error{File: r.file, Line: n.Line}).place() }

func joinPath(path []string) string { return strings.Join(path, "\x00") }
