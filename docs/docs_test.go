package docs_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/grpcaud/grpcaud/audience/policyfile"
)

func TestEveryMatrixLoads(t *testing.T) {
	for _, p := range pages(t) {
		found := 0
		for _, b := range p.blocks {
			if !b.isMatrix() {
				continue
			}
			found++
			if _, err := policyfile.Parse(p.name, []byte(b.text)); err != nil {
				t.Errorf("%v\nin\n%s", err, b.text)
			}
		}
		if found == 0 && p.setsUp() {
			t.Errorf("%s has no access matrix", p.name)
		}
	}
}

func TestEveryYAMLIsYAML(t *testing.T) {
	for _, p := range pages(t) {
		for _, text := range p.in("yaml") {
			if err := yaml.Unmarshal([]byte(text), new(any)); err != nil {
				t.Errorf("%s: %v\nin\n%s", p.name, err, text)
			}
		}
	}
}

// What stands in example_test.go compiles.
func TestEveryGoCompiles(t *testing.T) {
	code, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pages(t) {
		for _, text := range p.in("go") {
			if !strings.Contains(flush(string(code)), flush(text)) {
				t.Errorf("%s: not in example_test.go:\n%s", p.name, text)
			}
		}
	}
}

// flush returns text with no line indented.
func flush(text string) string { return regexp.MustCompile(`(?m)^\s+`).ReplaceAllString(text, "") }

// A page may name reasons, causes and gRPC's status codes.
func TestEveryReasonExists(t *testing.T) {
	list, err := os.ReadFile("../audience/reason.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pages(t) {
		for _, word := range regexp.MustCompile("`[A-Z]+(_[A-Z]+)+`").FindAllString(p.text, -1) {
			if word = strings.Trim(word, "`"); !strings.Contains(string(list), `"`+word+`"`) {
				t.Errorf("%s: %s is neither a reason nor a cause", p.name, word)
			}
		}
	}
}

func TestEveryPageIsInTheIndex(t *testing.T) {
	text, err := os.ReadFile(index)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pages(t) {
		if p.name != index && !strings.Contains(string(text), "]("+p.name+")") {
			t.Errorf("%s does not lead to %s", index, p.name)
		}
	}
}

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	for _, p := range pages(t) {
		for _, link := range regexp.MustCompile(`\]\(([^):#]+)\)`).FindAllStringSubmatch(p.text, -1) {
			if _, err := os.Stat(link[1]); err != nil {
				t.Errorf("%s: %v", p.name, err)
			}
		}
	}
}
