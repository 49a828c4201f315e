package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The metrics, the attributes of the log and those of spans on the page about
// observability are those of the code.
func TestObservabilityIsThatOfTheCode(t *testing.T) {
	code := sources(t, "../internal/admission", "../interceptor", "../tokensource")
	text := pageNamed(t, "observability.md").text
	names := regexp.MustCompile("`(grpcaud\\.[a-z.]+)`").FindAllStringSubmatch(text, -1)
	if len(names) < 15 {
		t.Errorf("found only %q", names)
	}
	for _, name := range names {
		short := strings.TrimPrefix(name[1], "grpcaud.server.")
		if !strings.Contains(code, `"`+name[1]+`"`) && !strings.Contains(code, `("`+short+`"`) {
			t.Errorf("the code has no %s", name[1])
		}
	}
	_, table, _ := strings.Cut(section(t, text, "The log of a server"), "| attribute |")
	attributes := 0
	for _, cells := range rowsOf("| attribute |" + table) {
		for _, name := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(cells[0], -1) {
			if attributes++; !strings.Contains(code, `"`+name[1]+`"`) {
				t.Errorf("the code has no attribute %s", name[1])
			}
		}
	}
	if attributes < 15 {
		t.Errorf("found %d attributes", attributes)
	}
}

// sources returns the Go of folders, without tests.
func sources(t *testing.T, folders ...string) string {
	t.Helper()
	var all strings.Builder
	for _, folder := range folders {
		names, err := filepath.Glob(folder + "/*.go")
		if err != nil || len(names) == 0 {
			t.Fatalf("no Go in %s, %v", folder, err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(text)
		}
	}
	return all.String()
}
