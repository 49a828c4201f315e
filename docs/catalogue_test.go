package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// catalogues list what is tested, with the tests in the last column.
var catalogues = []string{"attacks.md", "faults.md"}

// named is a test in the last column: its folder and its function.
var named = regexp.MustCompile("`([a-z/0-9]+)\\.((?:Test|Fuzz)\\w+)`")

// Each row of a catalogue names tests, and they exist.
func TestEveryRowOfACatalogueIsTested(t *testing.T) {
	exist := map[string][]string{}
	for _, name := range catalogues {
		rows := rowsOf(pageNamed(t, name).text)
		if len(rows) < 20 {
			t.Errorf("%s has %d rows", name, len(rows))
		}
		for _, cells := range rows {
			tests := named.FindAllStringSubmatch(cells[len(cells)-1], -1)
			if len(tests) == 0 {
				t.Errorf("%s: no test in the row %q", name, cells[0])
			}
			for _, test := range tests {
				folder, function := test[1], test[2]
				if exist[folder] == nil {
					exist[folder] = testsIn(t, "../"+folder+"/*_test.go")
				}
				if !slices.Contains(exist[folder], function) {
					t.Errorf("%s: the row %q names %s, which is not in %s", name, cells[0], function, folder)
				}
			}
		}
	}
}

// Each attack that is tested has a row.
func TestEveryAttackIsInACatalogue(t *testing.T) {
	var text strings.Builder
	for _, name := range catalogues {
		text.WriteString(pageNamed(t, name).text)
	}
	attacks := testsIn(t, "../interceptor/attack_*_test.go")
	if len(attacks) < 20 {
		t.Fatalf("found only %q", attacks)
	}
	for _, function := range attacks {
		if !strings.Contains(text.String(), "`interceptor."+function+"`") {
			t.Errorf("%s is in no row of %q", function, catalogues)
		}
	}
}

// rowsOf returns the cells of the rows of a page's tables, without their headings.
func rowsOf(text string) [][]string {
	var rows [][]string
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		heading := i+1 < len(lines) && strings.HasPrefix(lines[i+1], "|---")
		if strings.HasPrefix(line, "| ") && !heading {
			rows = append(rows, strings.Split(strings.Trim(line, "| "), " | "))
		}
	}
	return rows
}

// testsIn returns the names of the tests and fuzz targets in the files of a pattern.
func testsIn(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Errorf("no files %s, %v", pattern, err)
	}
	names := []string{}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && (strings.HasPrefix(f.Name.Name, "Test") || strings.HasPrefix(f.Name.Name, "Fuzz")) {
				names = append(names, f.Name.Name)
			}
		}
	}
	return names
}
