// Package ordered keeps the keys of a YAML mapping in the order in which they
// were written, which is the order in which people read them.
package ordered

import "go.yaml.in/yaml/v3"

// Map is keys and values in turns; keys are strings, or make a node. One whose value is nil is
// left out.
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

// node makes a node of v. The encoder would write and read again each level of
// maps in maps.
func node(v any) (*yaml.Node, error) {
	switch v := v.(type) {
	case Map:
		return v.node()
	case []Map:
		return list(v)
	case []string:
		return list(v)
	case string:
		text := new(yaml.Node)
		text.SetString(v)
		return text, nil
	case yaml.Marshaler:
		made, err := v.MarshalYAML()
		if n, ok := made.(*yaml.Node); ok || err != nil {
			return n, err // with its comments and its style
		}
	}
	other := new(yaml.Node)
	err := other.Encode(v)
	return other, err
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
