package envoy

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// expression is a condition in CEL, the Common Expression Language. Envoy reads the tree; the
// text is for people, as a comment.
type expression struct {
	text string
	tree object
}

// MarshalYAML implements [yaml.Marshaler]: the tree is on one line, below the text.
func (e expression) MarshalYAML() (any, error) {
	node, err := e.tree.MarshalYAML()
	if err != nil {
		return nil, err
	}
	line := node.(*yaml.Node)
	flow(line)
	return line, nil
}

func flow(n *yaml.Node) {
	n.Style |= yaml.FlowStyle
	for _, child := range n.Content {
		if child.Kind != yaml.ScalarNode {
			flow(child)
		}
	}
}

func identifier(name string) expression {
	return expression{name, object{"ident_expr", object{"name", name}}}
}

func field(of expression, name string) expression {
	return expression{of.text + "." + name, object{"select_expr", object{"operand", of.tree, "field", name}}}
}

func text(s string) expression {
	return expression{strconv.Quote(s), object{"const_expr", object{"string_value", s}}}
}

func number(f float64) expression {
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return expression{s, object{"const_expr", object{"double_value", f}}}
}

// integer is an integer, which CEL distinguishes from other numbers.
func integer(n int) expression {
	return expression{strconv.Itoa(n), object{"const_expr", object{"int64_value", n}}}
}

func apply(function, format string, args ...expression) expression {
	var texts []any
	var trees []object
	for _, a := range args {
		texts = append(texts, a.text)
		trees = append(trees, a.tree)
	}
	return expression{fmt.Sprintf(format, texts...), object{"call_expr", object{"function", function, "args", trees}}}
}

func member(of expression, name string) expression { return apply("_[_]", "%s[%s]", of, text(name)) }

// hasMember reports whether an object has a member.
func hasMember(of expression, name string) expression { return infix("@in", "in", text(name), of) }

func infix(function, operator string, a, b expression) expression {
	return apply(function, "%s "+operator+" %s", a, b)
}

func less(a, b expression) expression        { return infix("_<_", "<", a, b) }
func lessOrEqual(a, b expression) expression { return infix("_<=_", "<=", a, b) }
func equal(a, b expression) expression       { return infix("_==_", "==", a, b) }
func plus(a, b expression) expression        { return infix("_+_", "+", a, b) }
func minus(a, b expression) expression       { return infix("_-_", "-", a, b) }

func function(name string, args ...expression) expression {
	return apply(name, name+"("+strings.Repeat("%s, ", len(args)-1)+"%s)", args...)
}

func isNot(e expression) expression { return apply("!_", "!(%s)", e) }

// every is true if all are.
func every(es ...expression) expression { return chain("_&&_", "&&", es) }

// some is true if one is.
func some(es ...expression) expression { return chain("_||_", "||", es) }

// chain puts an operator between all. The tree is as flat as possible: Envoy reads nested
// messages to a depth of a hundred.
func chain(function, operator string, es []expression) expression {
	if len(es) == 1 {
		return es[0]
	}
	texts := make([]string, len(es))
	for n, e := range es {
		texts[n] = e.text
	}
	half := len(es) / 2
	all := apply(function, "%s%s", chain(function, operator, es[:half]), chain(function, operator, es[half:]))
	all.text = "(" + strings.Join(texts, " "+operator+" ") + ")"
	return all
}
