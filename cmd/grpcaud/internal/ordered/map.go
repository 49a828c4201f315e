// Package ordered writes YAML mappings whose keys keep their order, and finds values in them.
package ordered

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// Map holds keys and values in turn. A key is a string, or a [yaml.Marshaler] that
// returns a node. A pair whose value is nil is left out.
type Map []any

// MarshalYAML implements [yaml.Marshaler].
func (m Map) MarshalYAML() (any, error) { return m.node() }

func (m Map) node() (*yaml.Node, error) {
	mapping := &yaml.Node{Kind: yaml.MappingNode}
	for i := 0; i < len(m); i += 2 {
		if m[i+1] == nil {
			continue
		}
		key, err := node(m[i])
		if err != nil {
			return nil, err
		}
		value, err := node(m[i+1])
		if err != nil {
			return nil, err
		}
		mapping.Content = append(mapping.Content, key, value)
	}
	return mapping, nil
}

// node returns a node for v. The encoder alone would write and read again each level of
// nested maps.
func node(v any) (*yaml.Node, error) {
	switch v := v.(type) {
	case Map:
		return v.node()
	case []Map:
		return list(v)
	case []string:
		return list(v)
	case string:
		return text(v), nil
	case yaml.Marshaler:
		made, err := v.MarshalYAML()
		if n, ok := made.(*yaml.Node); ok || err != nil {
			return n, err // it keeps its comments and its style
		}
	}
	other := new(yaml.Node)
	err := other.Encode(v)
	return other, err
}

// text returns a node for a string. What YAML 1.1 reads as a boolean is quoted: many
// programs that read manifests still do.
func text(v string) *yaml.Node {
	n := new(yaml.Node)
	n.SetString(v)
	switch strings.ToLower(v) {
	case "y", "yes", "n", "no", "on", "off":
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

func list[T any](values []T) (*yaml.Node, error) {
	sequence := &yaml.Node{Kind: yaml.SequenceNode}
	for _, v := range values {
		item, err := node(v)
		if err != nil {
			return nil, err
		}
		sequence.Content = append(sequence.Content, item)
	}
	return sequence, nil
}
