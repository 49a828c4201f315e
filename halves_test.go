package grpcaud_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// TestServerAndClientAreApart holds that no file of the server half uses what a file
// of the client half of package interceptor declares, nor the other way round: what both need stands in
// files of neither, and what a client knows of the call that it serves comes from
// package admission.
func TestServerAndClientAreApart(t *testing.T) {
	files, err := filepath.Glob("interceptor/*.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := map[string]string{} // by which half
	uses := map[string]*ast.File{}
	for _, name := range files {
		half, ok := halfOf(name)
		if !ok {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		uses[name] = file
		for ident := range file.Scope.Objects {
			declared[ident] = half
		}
	}
	if len(declared) == 0 {
		t.Fatal("no declarations found")
	}
	for name, file := range uses {
		half, _ := halfOf(name)
		for _, ident := range file.Unresolved {
			if other, ok := declared[ident.Name]; ok && other != half {
				t.Errorf("%s uses %s, which the %s half declares", name, ident.Name, other)
			}
		}
	}
}

// halfOf returns which half of the package a file is of; false for neither.
func halfOf(path string) (string, bool) {
	name := filepath.Base(path)
	if strings.HasSuffix(name, "_test.go") {
		return "", false
	}
	for _, half := range []string{"server", "client"} {
		if name == half+".go" || strings.HasPrefix(name, half+"_") {
			return half, true
		}
	}
	return "", false
}
