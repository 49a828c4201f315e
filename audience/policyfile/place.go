package policyfile

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// places returns the function of [access.Policy.WithPlaces]. It knows the
// issuers, services, APIs of others and clients, the keys of each, and the items of lists,
// and keeps no file in memory.
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
					path := append(path, key.Value)
					lines[joinPath(path)] = r.placeOf(key)
					r.itemPlaces(lines, path, value, 0)
				})
			})
		}
		for section, before := range r.before {
			_, list := child(r.root, section)
			r.itemPlaces(lines, []string{section}, list, before)
		}
	}
	return func(path ...string) string { return lines[joinPath(path)] }
}

// itemPlaces adds the places of the items of a list. before is the number of those in the files
// before.
func (r *reader) itemPlaces(lines map[string]string, path []string, list *yaml.Node, before int) {
	if list == nil || list.Kind != yaml.SequenceNode {
		return
	}
	for i, item := range list.Content {
		lines[joinPath(append(slices.Clip(path), strconv.Itoa(before+i)))] = r.placeOf(item)
	}
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

// placeOf names the file and the line of a node.
func (r *reader) placeOf(n *yaml.Node) string { return (&Error{File: r.file, Line: n.Line}).place() }

func joinPath(path []string) string { return strings.Join(path, "\x00") }
