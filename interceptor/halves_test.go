package interceptor_test

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"go/types"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// unread imports every package as an empty one: names of this package resolve all the
// same.
type unread struct{}

func (unread) Import(from string) (*types.Package, error) {
	p := types.NewPackage(from, path.Base(from))
	p.MarkComplete()
	return p, nil
}

// TestServerAndClientUseNothingOfEachOther shows that no file of the server uses a name
// that a file of the client declares, and the other way round: what both need is in a
// file of neither. Each half can so be read, and changed, without the other.
func TestServerAndClientUseNothingOfEachOther(t *testing.T) {
	set := gotoken.NewFileSet()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	config := types.Config{Importer: unread{}, Error: func(error) {}} // names of other packages do not resolve
	info := types.Info{Uses: map[*ast.Ident]types.Object{}}
	p, _ := config.Check("interceptor", set, files, &info)
	half := func(at gotoken.Pos) string {
		name, _, _ := strings.Cut(strings.TrimSuffix(set.Position(at).Filename, ".go"), "_")
		if name == "client" || name == "server" {
			return name
		}
		return ""
	}
	uses := map[string]int{}
	for id, object := range info.Uses {
		if object.Pkg() != p {
			continue
		}
		from, to := half(id.Pos()), half(object.Pos())
		uses[from+">"+to]++
		if from != "" && to != "" && from != to {
			t.Errorf("%s: the %s uses %s of the %s (%s)", set.Position(id.Pos()), from, object.Name(), to, set.Position(object.Pos()))
		}
	}
	if uses["client>client"] == 0 || uses["server>server"] == 0 || uses["server>"] == 0 {
		t.Errorf("uses found: %v, want some in each half, or nothing is held", uses)
	}
}
