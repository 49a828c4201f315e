package policyfile

import (
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/grpcaud/grpcaud/audience/access"
)

// reader reads the values of one file. It continues after a finding, so that a user
// sees all mistakes at once.
type reader struct {
	file       string
	dir        string // where relative paths start; if it is empty, they are not changed
	top        bool   // whether this is the first file
	first      string // the path of the first file
	root       *yaml.Node
	before     map[string]int // how many entries of a list, by its key, the files before this one have
	statements []access.Never
	patterns   []string // of the files that it includes
	paths      []namedPath
	folder     located // dir; the method paths sets it
	findings   []*Error
	schema     schema // of the values that are possible in place of the probe
}

func (r *reader) finding(n *yaml.Node, format string, args ...any) {
	r.at(n.Line, n.Column, format, args...)
}

func (r *reader) at(line, column int, format string, args ...any) {
	if r.schema == nil && !r.full() {
		r.add(&Error{File: r.file, Line: line, Column: column, Text: fmt.Sprintf(format, args...)})
	}
}

func (r *reader) add(e *Error) { r.findings = append(r.findings, e) }

// full reports whether the file has so many findings that it is not read further.
func (r *reader) full() bool { return len(r.findings) >= maxFindings }

// These are the kinds of nodes, by their resolved tags.
const (
	aString  = "!!str"
	aNumber  = "!!int"
	aBoolean = "!!bool"
	aList    = "!!seq"
	aMapping = "!!map"
)

var kinds = map[string]string{
	aString: "a string", aNumber: "a number", aBoolean: "a boolean", aList: "a list", aMapping: "a mapping",
	"!!float": "a number", "!!null": "nothing", "!!timestamp": "a date", "!!merge": "a merge key",
}

// is reports whether n is of the kind. If it is not, that is a finding.
func (r *reader) is(kind string, n *yaml.Node, want string) bool {
	switch {
	case r.isProbe(n, func() schema { return ofKind(kind, want) }):
		return false
	case !r.isPlain(n):
		return false
	case n.Tag != kind:
		r.finding(n, "want %s, got %s%s", want, kinds[n.Tag], fixFor(kind, n))
		return false
	case kind == aString && n.Value == "":
		r.finding(n, "want %s, got an empty string", want)
		return false
	}
	return true
}

// isPlain reports whether n means what a reader sees. If it does not, that is a
// finding.
func (r *reader) isPlain(n *yaml.Node) bool {
	var what string
	switch {
	case n.Kind == yaml.AliasNode:
		what = "aliases"
	case n.Anchor != "":
		what = "anchors"
	case n.Style&yaml.TaggedStyle != 0:
		what = "tags"
	case n.Tag == "!!merge":
		what = "merge keys"
	default:
		return true
	}
	r.finding(n, "%s are not allowed in an access matrix", what)
	return false
}

// plainWord matches a word that needs no quotes in a list.
var plainWord = regexp.MustCompile(`^[A-Za-z][\w./-]{0,63}$`)

// fixFor says how to turn a value into one of this kind; empty if that takes more than
// a few characters.
func fixFor(kind string, n *yaml.Node) string {
	switch {
	case kind == aList && n.Kind == yaml.MappingNode:
		return `: begin each with "- "`
	case kind == aList && n.Tag == aString && strings.Trim(n.Value, "*") == "":
		return `: write ["*"]`
	case kind == aList && n.Tag == aString && plainWord.MatchString(n.Value):
		return fmt.Sprintf(": write [%s]", n.Value)
	case kind == aMapping && n.Tag == "!!null":
		return "; write {} for an empty one"
	case kind == aString && n.Kind == yaml.ScalarNode && n.Tag != "!!null":
		return "; quote it if it is a name"
	default:
		return ""
	}
}

// value says how the value of a key is read.
type value struct {
	want     string // what is expected, for messages
	read     func(*yaml.Node)
	required bool
}

func required(v value) value {
	v.required = true
	return v
}

func (r *reader) text(want string, to *string) value {
	return value{want: want, read: func(n *yaml.Node) {
		if r.is(aString, n, want) {
			*to = n.Value
		}
	}}
}

func (r *reader) boolean(to *bool) value {
	const want = "true or false"
	return value{want: want, read: func(n *yaml.Node) {
		if r.is(aBoolean, n, want) {
			*to = strings.EqualFold(n.Value, "true")
		}
	}}
}

// list reads a list, which must not be empty, and each item with item.
func (r *reader) list(want string, item func(*yaml.Node)) value {
	return value{want: want, read: func(n *yaml.Node) {
		if r.isProbe(n, func() schema { return schema{"type": "array", "minItems": 1, "items": r.describe(item)} }) || !r.is(aList, n, want) {
			return
		}
		if len(n.Content) == 0 {
			r.finding(n, "want %s, got an empty list", want)
		}
		for _, n := range n.Content {
			if r.full() {
				return
			}
			item(n)
		}
	}}
}

// strings reads a list of strings.
func (r *reader) strings(want string, to *[]string) value {
	return r.list(want, func(n *yaml.Node) {
		if r.is(aString, n, "a string") {
			*to = append(*to, n.Value)
		}
	})
}

// stringOrStrings reads one string or a list of them.
func (r *reader) stringOrStrings(to *[]string) value {
	const want = "a string or a list of strings"
	list, text := r.strings(want, to), r.text("a string", new(string))
	return value{want: want, read: func(n *yaml.Node) {
		switch {
		case r.isProbe(n, func() schema { return r.either(text.read, list.read) }):
		case n.Kind == yaml.SequenceNode:
			list.read(n)
		case r.is(aString, n, "a string"):
			*to = []string{n.Value}
		}
	}}
}

// orWord sets to if the value is exactly word. It reads any other value with v.
func (r *reader) orWord(word string, to *bool, v value) value {
	read := v.read
	v.read = func(n *yaml.Node) {
		switch {
		case r.isProbe(n, func() schema { return schema{"anyOf": []schema{{"const": word}, r.describe(read)}} }):
		case n.Kind != yaml.ScalarNode || n.Value != word:
			read(n)
		default:
			*to = r.is(aString, n, v.want)
		}
	}
	return v
}
