package policyfile

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// maxPieces is the largest number of keys and items of a file that is parsed, so that
// a file that is not a matrix takes neither much time nor much memory.
const maxPieces = 1_000_000

// document returns the top node of the only document in data; nil if a finding leaves
// nothing to read.
func (r *reader) document(data []byte) *yaml.Node {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !r.isText(data) {
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	doc, err := decode(decoder)
	if err == io.EOF {
		r.at(1, 0, "empty: want an access matrix, which begins with version: 1")
		return nil
	}
	if err != nil {
		r.syntax(data, err)
		return nil
	}
	switch second, err := decode(decoder); err {
	case io.EOF:
		return doc.Content[0]
	case nil:
		r.finding(second, "want one document, got a second one")
	default:
		r.syntax(data, err)
	}
	return nil
}

// decode reads one document. The YAML package panics on some malformed input.
func decode(d *yaml.Decoder) (doc *yaml.Node, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("yaml: %v", p)
		}
	}()
	doc = new(yaml.Node)
	return doc, d.Decode(doc)
}

// isText reports whether data is UTF-8 text and not too large to read.
func (r *reader) isText(data []byte) bool {
	switch {
	case len(data) > maxSize:
		r.tooLarge()
		return false
	case pieces(data) > maxPieces:
		r.at(1, 0, "want at most %d keys and items; a larger matrix has a file for each team, by includes", maxPieces)
		return false
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		r.at(1, 0, "want UTF-8, got UTF-16")
		return false
	}
	for i, c := range string(data) {
		if c == utf8.RuneError && !bytes.HasPrefix(data[i:], []byte("\ufffd")) {
			r.offset(data, i, "want UTF-8 text, got the byte %#02x", data[i])
			return false
		}
		if unicode.IsControl(c) && !strings.ContainsRune("\t\n\r\u0085", c) {
			r.offset(data, i, "want text, got the control character %U", c)
			return false
		}
	}
	return true
}

func (r *reader) tooLarge() {
	r.at(1, 0, "want at most %d MiB; a larger matrix has a file for each team, by includes", maxSize>>20)
}

// pieces returns an estimate of the keys and items in data. Parsing takes some hundred
// times their size in memory.
func pieces(data []byte) (n int) {
	for _, mark := range []string{"\n", ",", ":"} {
		n += bytes.Count(data, []byte(mark))
	}
	return n
}

// offset adds a finding at data[i].
func (r *reader) offset(data []byte, i int, format string, args ...any) {
	before := data[:i]
	start := bytes.LastIndexByte(before, '\n') + 1
	r.at(1+bytes.Count(before, []byte("\n")), 1+utf8.RuneCount(before[start:]), format, args...)
}

// mistakes translates errors of the YAML package. The package counts the lines of some
// errors from 0 and of others from 1; late is what to add.
var mistakes = []struct {
	yaml, text string
	late       int
}{
	{"exceeded max depth", "nested too deeply: want an access matrix, which begins with version: 1", 0},
	{"did not find expected key", "want a key near here, indented like its neighbours", 1},
	{"did not find expected '-'", `want a "- " item near here, indented like its neighbours`, 1},
	{"did not find expected ',' or ']'", `want "," or "]" near here: a list is not closed`, 1},
	{"did not find expected ',' or '}'", `want "," or "}" near here: a mapping is not closed`, 1},
	{"did not find expected node content", "want a value near here", 1},
	{"did not find expected <document start>", "want the end of the file, got more, indented unlike what stands above", 1},
	{"undefined tag handle", "tags are not allowed in an access matrix", 1},
	{"could not find expected ':'", `want "key: value"`, 0},
	{"mapping values are not allowed", `a second ":" in one value: quote it, or begin a new line`, 0},
	{"block sequence entries are not allowed", `a "- " item must begin a line`, 0},
	{"did not find expected alphabetic or numeric character", `a value cannot begin with "*" or "&": write "*" in quotes`, 0},
	{"cannot start any token", "a value cannot begin like this: quote it", 0},
	{"unexpected end of stream", "a quoted string is not closed", 0},
}

var indentingTab = regexp.MustCompile(`(?m)^ *\t`)

// syntax adds a finding for an error of the YAML package.
func (r *reader) syntax(data []byte, err error) {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if name, ok := strings.CutPrefix(text, "unknown anchor '"); ok {
		name = strings.TrimSuffix(name, "' referenced")
		r.offset(data, max(0, bytes.Index(data, []byte("*"+name))), "aliases are not allowed in an access matrix")
		return
	}
	if strings.Contains(text, "tab") || strings.Contains(text, "cannot start any token") {
		if tab := indentingTab.FindIndex(data); tab != nil {
			r.offset(data, tab[1]-1, "a tab cannot indent: use spaces")
			return
		}
	}
	line, known := 1, 0
	if n, _ := fmt.Sscanf(text, "line %d:", &line); n == 1 {
		_, text, _ = strings.Cut(text, ": ")
		known = 1
	}
	for _, m := range mistakes {
		if strings.Contains(text, m.yaml) {
			text = m.text
			line += m.late * known
			break
		}
	}
	r.at(min(line, 1+bytes.Count(data, []byte("\n"))), 0, "not YAML: %s", text)
}
