package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/grpcaud/grpcaud/audience/policyfile"
)

func TestEveryMatrixLoads(t *testing.T) {
	setUps := setUps(t)
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
		if found == 0 && slices.Contains(setUps, p.name) {
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

// A page may name reasons, causes and gRPC's status codes, and no others.
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
		if p.name != index && filepath.Dir(p.name) == "." && !strings.Contains(string(text), "]("+p.name+")") {
			t.Errorf("%s does not lead to %s", index, p.name)
		}
	}
}

// A link leads to a file, and to a heading if it names one.
func TestEveryLinkLeadsSomewhere(t *testing.T) {
	all := pages(t)
	for _, p := range all {
		text := inline.ReplaceAllString(p.text, "")
		for _, link := range regexp.MustCompile(`\]\(([^):#]*)(?:#([^)]*))?\)`).FindAllStringSubmatch(text, -1) {
			target := p.name
			if link[1] != "" {
				target = filepath.Join(filepath.Dir(p.name), link[1])
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %v", p.name, err)
			}
			if link[2] != "" && !hasHeading(all, target, link[2]) {
				t.Errorf("%s: %s has no heading #%s", p.name, target, link[2])
			}
		}
	}
}

// hasHeading reports whether a page has the heading of this anchor, as GitHub makes
// them.
func hasHeading(all []page, name, anchor string) bool {
	at := slices.IndexFunc(all, func(p page) bool { return p.name == name })
	if at < 0 {
		return false
	}
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(all[at].text, -1) {
		plain := regexp.MustCompile(`[^\w -]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		if strings.ReplaceAll(plain, " ", "-") == anchor {
			return true
		}
	}
	return false
}
