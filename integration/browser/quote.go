package browser

import (
	"encoding/json"
	"strings"
)

// js returns text as a string of JavaScript.
func js(text string) string {
	b, _ := json.Marshal(text) // never fails
	return string(b)
}

// quoted returns text as a string of XPath, which has no way to escape a quote.
func quoted(text string) string {
	if !strings.Contains(text, `"`) {
		return `"` + text + `"`
	}
	return `concat("` + strings.ReplaceAll(text, `"`, `", '"', "`) + `")`
}
