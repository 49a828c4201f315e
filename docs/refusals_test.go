package docs_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience"
)

var word = regexp.MustCompile("`([A-Z_]+)`")

// The page about refusals has each reason with its status, and each cause with its
// reason.
func TestRefusalsAreThoseOfTheCode(t *testing.T) {
	code, err := os.ReadFile("../audience/reason.go")
	if err != nil {
		t.Fatal(err)
	}
	wantStatus, wantReason := map[string]string{}, map[string]string{}
	for _, constant := range regexp.MustCompile(`(?m)^\t(Reason|Cause)\w+\s+(?:Reason|Cause) = "([A-Z_]+)"`).FindAllStringSubmatch(string(code), -1) {
		if constant[1] == "Reason" {
			wantStatus[constant[2]] = string(audience.Reason(constant[2]).Status())
		} else {
			wantReason[constant[2]] = string(audience.Cause(constant[2]).Reason())
		}
	}
	text := pageNamed(t, "refusals.md").text
	if diff := cmp.Diff(wantStatus, firstWords(section(t, text, "Reasons"), 1)); diff != "" {
		t.Errorf("reasons and their status (-code +page):\n%s", diff)
	}
	gotReason := map[string]string{}
	for reason, causes := range columns(section(t, text, "Causes")) {
		for _, cause := range causes {
			gotReason[cause] = reason
		}
	}
	if diff := cmp.Diff(wantReason, gotReason); diff != "" {
		t.Errorf("causes and their reason (-code +page):\n%s", diff)
	}
	for _, reason := range slices.Sorted(maps.Keys(wantStatus)) {
		if strings.Count(text, "`"+reason+"`") == 0 {
			t.Errorf("no %s", reason)
		}
	}
}

// section returns what stands below a heading.
func section(t *testing.T, text, heading string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, "\n## "+heading+"\n")
	if !found {
		t.Fatalf("no section %q", heading)
	}
	below, _, _ := strings.Cut(rest, "\n## ")
	return below
}

// firstWords returns, by the word in the first column of a table, the first word in
// another column.
func firstWords(text string, column int) map[string]string {
	found := map[string]string{}
	for _, cells := range rowsOf(text) {
		if key, value := word.FindStringSubmatch(cells[0]), word.FindStringSubmatch(cells[column]); key != nil && value != nil {
			found[key[1]] = value[1]
		}
	}
	return found
}

// columns returns, by the word in the first column of a table, those in the second.
func columns(text string) map[string][]string {
	found := map[string][]string{}
	for _, cells := range rowsOf(text) {
		key := word.FindStringSubmatch(cells[0])
		if key == nil {
			continue
		}
		for _, value := range word.FindAllStringSubmatch(cells[1], -1) {
			found[key[1]] = append(found[key[1]], value[1])
		}
	}
	return found
}
