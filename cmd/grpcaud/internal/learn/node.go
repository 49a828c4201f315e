package learn

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/ordered"
)

// text returns a string as a node. One with characters that do not print is quoted, and encode
// escapes them.
func text(value string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}
	if strings.ContainsFunc(value, func(r rune) bool { return !strconv.IsPrint(r) }) {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

// widest is the longest list that stands on one line, in bytes: in longer lines, a reader
// misses names.
const widest = 80

// texts returns a list, on one line if it is short.
func texts(values []string) *yaml.Node {
	n, width := &yaml.Node{Kind: yaml.SequenceNode}, 0
	for _, v := range values {
		n.Content = append(n.Content, text(v))
		width += len(v) + len(", ")
	}
	if width <= widest {
		n.Style = yaml.FlowStyle
	}
	return n
}

func mapping() *yaml.Node { return &yaml.Node{Kind: yaml.MappingNode} }

// set sets a key of a mapping.
func set(m *yaml.Node, key string, value *yaml.Node) {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			m.Content[i+1] = value
			return
		}
	}
	m.Content = append(m.Content, text(key), value)
	m.Style &^= yaml.FlowStyle
}

// section returns the mapping under a key, which it makes if there is none.
func section(m *yaml.Node, key string) *yaml.Node {
	if n := ordered.Value(m, key); n != nil {
		return n
	}
	n := mapping()
	set(m, key, n)
	return n
}

// encode writes a file. Only in quoted strings, and in comments, is there anything that does
// not print.
func encode(n *yaml.Node) ([]byte, error) {
	var out bytes.Buffer
	e := yaml.NewEncoder(&out)
	e.SetIndent(2)
	if err := e.Encode(n); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, r := range out.String() {
		switch {
		case r == '\n' || strconv.IsPrint(r):
			b.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.Bytes(), e.Close()
}
