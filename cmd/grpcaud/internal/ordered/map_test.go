package ordered_test

import (
	"errors"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/ordered"
)

// failing is a value that has no YAML.
type failing struct{}

func (failing) MarshalYAML() (any, error) { return nil, errors.New("no YAML") }

func TestKeysKeepTheirOrder(t *testing.T) {
	comment := &yaml.Node{Kind: yaml.ScalarNode, Value: "v", LineComment: "why"}
	got, err := yaml.Marshal(ordered.Map{
		"z", 1, "a", "text", "list",
		[]string{"b", "a", "No", "true", "~"},
		"maps",
		[]ordered.Map{{"y", true, "x", nil}},
		"within",
		ordered.Map{"c", 2.5},
		"absent", nil, "date", "2000-01-01", "node",
		ordered.Map{"k", node{comment}},
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = `z: 1
a: text
list:
    - b
    - a
    - "No"
    - "true"
    - "~"
maps:
    - "y": true
within:
    c: 2.5
date: "2000-01-01"
node:
    k: v # why
`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// node is a value that makes its own node.
type node struct{ n *yaml.Node }

func (n node) MarshalYAML() (any, error) { return n.n, nil }

func TestErrorsOfValuesAreReturned(t *testing.T) {
	for name, m := range map[string]ordered.Map{
		"value": {"a", failing{}},
		"key":   {failing{}, "a"},
		"below": {"a", ordered.Map{"b", failing{}}},
		"list":  {"a", []ordered.Map{{"b", failing{}}}},
	} {
		if _, err := yaml.Marshal(m); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
