package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"
)

// folders are those of the names that stand before a dot on the pages: packages, and
// the variables that the pages use, with their types.
var folders = map[string]struct{ folder, of string }{
	"audience": {"audience", ""}, "access": {"audience/access", ""}, "claims": {"audience/claims", ""},
	"revocation": {"audience/revocation", ""}, "policyfile": {"audience/policyfile", ""}, "protopolicy": {"audience/protopolicy", ""},
	"verifier": {"audience/verifier", ""}, "tokensource": {"tokensource", ""}, "clientauth": {"tokensource/clientauth", ""},
	"sourcetest": {"tokensource/sourcetest", ""}, "interceptor": {"interceptor", ""}, "extauthz": {"interceptor/extauthz", ""}, "matrixtest": {"interceptor/matrixtest", ""}, "httpguard": {"interceptor/httpguard", ""}, "connectguard": {"interceptor/connectguard", ""},
	"testutil": {"testutil", ""}, "matrixissuer": {"testutil/matrixissuer", ""}, "issuers": {"testutil/matrixissuer", "Issuers."},
	"admit": {"interceptor", "Server."}, "as": {"interceptor", "Client."}, "caller": {"audience", "Caller."},
}

var (
	inline    = regexp.MustCompile("`[^`\n]+`")
	qualified = regexp.MustCompile(`\b([a-z]+)\.([A-Z]\w*(?:\.[A-Z]\w*)?)`)
)

// What a page calls by the name of a package is exported by that package. The list of
// changes is spared: it names what there is no longer.
func TestEveryNameExists(t *testing.T) {
	exported := map[string]map[string]bool{}
	for _, p := range pages(t) {
		if p.name == "../CHANGELOG.md" {
			continue
		}
		text := strings.Join(append(inline.FindAllString(p.text, -1), p.in("go")...), "\n")
		for _, name := range qualified.FindAllStringSubmatch(text, -1) {
			at, ok := folders[name[1]]
			// The tests in the catalogues have a test of their own.
			if !ok || strings.HasPrefix(name[2], "Test") || strings.HasPrefix(name[2], "Fuzz") {
				continue
			}
			if exported[at.folder] == nil {
				exported[at.folder] = exportedIn(t, "../"+at.folder)
			}
			if !exported[at.folder][at.of+name[2]] {
				t.Errorf("%s: there is no %s%s in %s", p.name, at.of, name[2], at.folder)
			}
		}
	}
}

// exportedIn returns the exported names of a package: functions, types, constants and
// variables by their names, methods and fields behind that of their type.
func exportedIn(t *testing.T, folder string) map[string]bool {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), folder+"/"+entry.Name(), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			declared(d, names)
		}
	}
	return names
}

// declared adds what a declaration declares.
func declared(d ast.Decl, names map[string]bool) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		names[receiver(d)+d.Name.Name] = true
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.ValueSpec:
				for _, name := range s.Names {
					names[name.Name] = true
				}
			case *ast.TypeSpec:
				names[s.Name.Name] = true
				if fields, ok := s.Type.(*ast.StructType); ok {
					for _, field := range fields.Fields.List {
						for _, name := range field.Names {
							names[s.Name.Name+"."+name.Name] = true
						}
					}
				}
			}
		}
	}
}

// receiver returns the type of a method's receiver, and a dot; empty for a function.
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	typ := f.Recv.List[0].Type
	if pointer, ok := typ.(*ast.StarExpr); ok {
		typ = pointer.X
	}
	if name, ok := typ.(*ast.Ident); ok {
		return name.Name + "."
	}
	return ""
}
