package httproute_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/internal/httproute"
)

// smallTemplates returns templates of up to three segments of each kind, with and without a
// verb.
func smallTemplates() (all []string) {
	paths := []string{""}
	for range 2 {
		for _, path := range paths {
			for _, segment := range []string{"/a", "/*"} {
				if longer := path + segment; !strings.Contains(strings.Join(all, " ")+" ", longer+" ") {
					all, paths = append(all, longer), append(paths, longer)
				}
			}
		}
	}
	for _, path := range paths {
		all = append(all, path+"/**")
	}
	for _, template := range all {
		all = append(all, template+":v")
	}
	return all
}

// pathsOf returns an expression for the paths of a template, which is written without the
// package under test.
func pathsOf(template string) *regexp.Regexp {
	path, verb, _ := strings.Cut(template, ":")
	text := strings.ReplaceAll(path, "/**", "(/[^/]+)DEEP")
	text = strings.ReplaceAll(text, "*", "[^/]+")
	text = strings.ReplaceAll(text, "DEEP", "*")
	if verb != "" {
		text += ":" + verb
	}
	return regexp.MustCompile("^" + text + "$")
}

// TestTableAgreesWithGateways declares each pair of small templates. If they have no conflict,
// a router that tries the last one first calls the operation that the table finds, for every
// path.
func TestTableAgreesWithGateways(t *testing.T) {
	all := smallTemplates()
	paths := []string{"/a", "/b", "/a/a", "/a/b", "/b/a", "/b/b", "/a/a/a", "/b/b/b/b", "/a:v", "/b:v", "/a/a:v", "/a/b:v", "/b/a:v", "/b/b/b:v", "/a/:v", "/:v", "/a/a:v/a", "/a/", "/"}
	conflicts := 0
	for _, earlier := range all {
		for _, later := range all {
			entries := templates(t, "earlier: GET "+earlier, "later: GET "+later)
			if len(httproute.Conflicts(entries)) > 0 {
				conflicts++
				continue
			}
			table := httproute.NewTable(entries)
			for _, path := range paths {
				want := ""
				switch {
				case pathsOf(later).MatchString(path):
					want = "later"
				case pathsOf(earlier).MatchString(path):
					want = "earlier"
				}
				if got, _ := table.Match("GET", "", path); got != want {
					t.Errorf("%q and later %q: %s calls %q, want %q", earlier, later, path, got, want)
				}
			}
		}
	}
	if pairs := len(all) * len(all); conflicts == 0 || conflicts == pairs {
		t.Errorf("%d of %d pairs have a conflict", conflicts, pairs)
	}
}
