package review

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/ordered"
)

// document is a file of a matrix, to be edited as text, so that all else in it stays as it
// is written.
type document struct {
	path    string
	data    []byte
	starts  []int // where lines begin
	newline string
	root    *yaml.Node
}

// edit replaces a part of a document.
type edit struct {
	from, to int
	text     string
}

// errForm means that a place has a form that is not edited. The edited text is checked as a
// whole, too.
var errForm = errors.New("it is written in a form that is not edited")

func newDocument(path string, data []byte) (*document, error) {
	d := &document{path: path, data: data, newline: "\n"}
	text := bytes.TrimPrefix(data, []byte("\ufeff"))
	begin := len(data) - len(text)
	var top yaml.Node
	if err := yaml.Unmarshal(text, &top); err != nil || len(top.Content) != 1 {
		return nil, fmt.Errorf("%s: cannot be read as it was before: %w", path, err)
	}
	d.root, d.starts = top.Content[0], []int{begin}
	for i := begin; i < len(data); i++ {
		if data[i] == '\n' {
			d.starts = append(d.starts, i+1)
		}
	}
	if bytes.Contains(data, []byte("\r\n")) {
		d.newline = "\r\n"
	}
	return d, nil
}

// offset returns where a node begins.
func (d *document) offset(n *yaml.Node) (int, error) {
	if n.Line < 1 || n.Line > len(d.starts) {
		return 0, errForm // its lines end otherwise than with a newline
	}
	at := d.starts[n.Line-1]
	for range n.Column - 1 {
		_, size := utf8.DecodeRune(d.data[at:])
		at += size
	}
	if at >= len(d.data) {
		return 0, errForm
	}
	return at, nil
}

// service returns the mapping of a service; nil if the document has none of that name.
func (d *document) service(name string) *yaml.Node {
	return ordered.Value(ordered.Value(d.root, "services"), name)
}

func isFlow(n *yaml.Node) bool { return n.Style&yaml.FlowStyle != 0 }

// lineOf returns the index of the line in which an offset is.
func (d *document) lineOf(at int) int {
	i, found := slices.BinarySearch(d.starts, at)
	if !found {
		i--
	}
	return max(i, 0)
}

// line returns a line without its end.
func (d *document) line(i int) string {
	end := len(d.data)
	if i+1 < len(d.starts) {
		end = d.starts[i+1]
	}
	return strings.TrimRight(string(d.data[d.starts[i]:end]), "\r\n")
}

// lines is how many lines there are. A file that ends with a newline has no empty line at
// its end.
func (d *document) lines() int {
	if d.starts[len(d.starts)-1] == len(d.data) {
		return len(d.starts) - 1
	}
	return len(d.starts)
}

// begin returns where a line begins; for the one after the last, the end of the document.
func (d *document) begin(line int) int {
	if line < len(d.starts) {
		return d.starts[line]
	}
	return len(d.data)
}

// indent returns by how many columns a line is indented; -1 for a line of white space.
func (d *document) indent(line int) int {
	text := d.line(line)
	trimmed := strings.TrimLeft(text, " ")
	if strings.TrimSpace(trimmed) == "" {
		return -1
	}
	return len(text) - len(trimmed)
}

// sortEdits brings edits into their order. Two of the same place are an error.
func sortEdits(edits []edit) error {
	slices.SortStableFunc(edits, func(a, b edit) int { return cmp.Or(a.from-b.from, a.to-b.to) })
	for i := 1; i < len(edits); i++ {
		if edits[i].from < edits[i-1].to {
			return errForm
		}
	}
	return nil
}

// apply returns the document with these edits, which are in their order.
func (d *document) apply(edits []edit) []byte {
	var out []byte
	at := 0
	for _, e := range edits {
		out = append(append(out, d.data[at:e.from]...), e.text...)
		at = e.to
	}
	return append(out, d.data[at:]...)
}
