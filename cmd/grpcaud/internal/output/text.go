package output

import (
	"fmt"
	"strconv"
	"strings"
)

// Printable returns s, quoted if it has characters that do not print: nothing
// in a file or a token may move the cursor of whoever looks at it.
func Printable(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}

// List joins printable values with commas.
func List(values []string) string { return Join(values, ", ") }

func Join(values []string, separator string) string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = Printable(v)
	}
	return strings.Join(all, separator)
}

// Plural counts things.
func Plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// Few joins the first of many values.
func Few(values []string) string {
	const most = 8
	if len(values) <= most {
		return List(values)
	}
	return List(values[:most]) + " and " + Plural(len(values)-most, "other")
}

// StripPackage returns the text of an error without the names of the packages that it is
// of.
func StripPackage(text string) string {
	for _, name := range []string{"policyfile: ", "protopolicy: ", "interceptor: ", "tokensource: ", "audience: ", "verifier: "} {
		text = strings.TrimPrefix(text, name)
	}
	return text
}
