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
	code := sources(t, "../internal/admission", "../interceptor", "../tokensource", "../audience/revocation/shared", "../audience/signals")
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

// What the code counts and logs is on the page: each instrument and its labels, and each
// attribute and message of a line.
func TestObservabilityLeavesNothingOut(t *testing.T) {
	text := pageNamed(t, "observability.md").text
	for _, row := range []struct {
		what, pattern, prefix string
		folders               []string
		least                 int
	}{
		{"instrument", `(?:Counter|Gauge|Histogram)\(\s*"(grpcaud\.[a-z.]*[a-z])"`, "", []string{"../internal/admission", "../interceptor", "../tokensource", "../audience/revocation/shared", "../audience/signals"}, 8},
		{"instrument", `\b(?:counter|gauge|seconds)\("([a-z.]+)"`, "grpcaud.server.", []string{"../internal/admission"}, 8},
		{"label", `attribute\.(?:String|Bool)\("([a-z_.]+)"`, "", []string{"../internal/admission", "../interceptor", "../tokensource", "../audience/revocation/shared", "../audience/signals"}, 10},
		{"attribute", `\bl(?:ine)?\.(?:word|text|optional|list)\("([a-z_]+)"`, "", []string{"../internal/admission"}, 12},
		{"attribute", `slog\.[A-Z][A-Za-z0-9]*\("([a-z_]+)"`, "", []string{"../internal/admission"}, 5},
		{"message", `(?:Refused|StreamEnded|WouldRefuse|Admitted|refusedDownstream|notSent): +"([a-z ]+)"`, "", []string{"../internal/admission"}, 8},
	} {
		found := map[string]bool{}
		for _, match := range regexp.MustCompile(row.pattern).FindAllStringSubmatch(sources(t, row.folders...), -1) {
			found[row.prefix+match[1]] = true
		}
		if len(found) < row.least {
			t.Errorf("found only %v as %s", found, row.what)
		}
		for name := range found {
			if !strings.Contains(text, "`"+name+"`") && !strings.HasPrefix(name, "more ") && name != "problem" {
				t.Errorf("the page lacks the %s %s", row.what, name)
			}
		}
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
