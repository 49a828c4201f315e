package docs_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The index of this folder, and the front page of the project.
const (
	index = "README.md"
	front = "../README.md"
)

// page is a Markdown file of this folder, or of the folder above.
type page struct {
	name, text string // name is its path from this folder
	blocks     []block
}

// block is the text between two fences.
type block struct {
	language, text string
}

var fenced = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")

// pages returns the pages of this folder, the index among them, and those of the
// folder above.
func pages(t *testing.T) []page {
	t.Helper()
	here, err := filepath.Glob("*.md")
	above, aboveErr := filepath.Glob("../*.md")
	if err := errors.Join(err, aboveErr); err != nil || len(here) == 0 || len(above) == 0 {
		t.Fatalf("got pages %q and %q, %v", here, above, err)
	}
	var all []page
	for _, name := range slices.Concat(here, above) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		p := page{name: name, text: string(text)}
		for _, found := range fenced.FindAllStringSubmatch(p.text, -1) {
			p.blocks = append(p.blocks, block{found[1], found[2]})
		}
		all = append(all, p)
	}
	return all
}

// pageNamed returns one page.
func pageNamed(t *testing.T, name string) page {
	t.Helper()
	all := pages(t)
	at := slices.IndexFunc(all, func(p page) bool { return p.name == name })
	if at < 0 {
		t.Fatalf("there is no page %s", name)
	}
	return all[at]
}

// providerRow is a row of the table of providers, in the index.
var providerRow = regexp.MustCompile(`(?m)^\| \[[^]]+\]\(([a-z0-9]+\.md)\)[^|]*\| ` + "`")

// setUps returns the names of the pages that lead their readers through a set-up:
// those of the providers, of several files, and of options in .proto files.
func setUps(t *testing.T) []string {
	t.Helper()
	names := []string{"files.md", "proto.md", "envoy.md"}
	for _, row := range providerRow.FindAllStringSubmatch(pageNamed(t, index).text, -1) {
		names = append(names, row[1])
	}
	if len(names) < 10 {
		t.Fatalf("the index has only %q", names)
	}
	return names
}

// in returns the blocks of p in a language.
func (p page) in(language string) []string {
	var texts []string
	for _, b := range p.blocks {
		if b.language == language {
			texts = append(texts, b.text)
		}
	}
	return texts
}

// isMatrix reports whether the block is an access matrix, not other YAML.
func (b block) isMatrix() bool {
	return b.language == "yaml" && strings.HasPrefix(b.text, "version: 1\n")
}
