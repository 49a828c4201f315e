package docs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// A block of Go that begins with a package clause is a file: it is compiled as it is.
func TestEveryGoFileCompiles(t *testing.T) {
	module, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	scratch, replaced, packages, source := t.TempDir(), map[string]string{}, []string{}, map[string]string{}
	for _, p := range pages(t) {
		for _, text := range p.in("go") {
			if !isFile(text) || p.name == quickstart { // which has a test of its own
				continue
			}
			name := fmt.Sprintf("block%d", len(packages))
			path := filepath.Join(scratch, name+".go")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			replaced[filepath.Join(module, "docs", name, "block.go")] = path
			packages, source[name] = append(packages, "./docs/"+name), p.name
		}
	}
	if len(packages) < 2 {
		t.Fatalf("found %d files, want at least the server and the client of %s", len(packages), front)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replaced})
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(scratch, "overlay.json")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	// The result of several packages is thrown away, a program's too.
	build := exec.CommandContext(ctx, "go", append([]string{"build", "-overlay=" + list}, packages...)...)
	build.Dir = module
	if out, err := build.CombinedOutput(); err != nil {
		t.Errorf("%v: the blocks are of %v\n%s", err, source, out)
	}
}

// isFile reports whether a block of Go is a whole file.
func isFile(text string) bool { return strings.HasPrefix(text, "package ") }

// Any other block of Go is a part of example_test.go, which compiles.
func TestEveryGoFragmentCompiles(t *testing.T) {
	code, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pages(t) {
		for _, text := range p.in("go") {
			if !isFile(text) && !strings.Contains(unindented(string(code)), unindented(text)) {
				t.Errorf("%s: not in example_test.go:\n%s", p.name, text)
			}
		}
	}
}

// unindented returns text with no line indented.
func unindented(text string) string {
	return regexp.MustCompile(`(?m)^\s+`).ReplaceAllString(text, "")
}

// The front page is compiled without fragments: what a reader copies from it works.
func TestGoOfTheFrontPageIsWhole(t *testing.T) {
	for _, text := range pageNamed(t, front).in("go") {
		if !isFile(text) {
			t.Errorf("%s: not a whole file:\n%s", front, text)
		}
	}
}
