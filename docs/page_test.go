package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const index = "README.md"

// page is a file of this folder.
type page struct {
	name, text string
	blocks     []block
}

// block is what stands between two fences.
type block struct {
	language, text string
}

var fenced = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")

// pages returns the pages, the index among them.
func pages(t *testing.T) []page {
	t.Helper()
	names, err := filepath.Glob("*.md")
	if err != nil || len(names) == 0 {
		t.Fatalf("got no pages, %v", err)
	}
	var all []page
	for _, name := range names {
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

// setsUp reports whether p has its readers write an access matrix.
func (p page) setsUp() bool { return p.name != index && strings.Contains(p.text, "access.yaml") }

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

// isMatrix tells an access matrix from the YAML of others.
func (b block) isMatrix() bool {
	return b.language == "yaml" && strings.HasPrefix(b.text, "version: 1\n")
}
