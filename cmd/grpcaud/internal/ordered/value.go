package ordered

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

// Value returns the value of a key of a mapping; nil if there is none, or no mapping.
func Value(mapping *yaml.Node, key string) *yaml.Node {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil
	}
	for pair := range slices.Chunk(mapping.Content, 2) {
		if pair[0].Value == key {
			return pair[1]
		}
	}
	return nil
}
