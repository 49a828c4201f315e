package output

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Printable returns s, quoted if it has characters that do not print, so that nothing
// in a file or a token can control the terminal.
func Printable(s string) string {
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}

// List joins values with commas.
func List(values []string) string { return Join(values, ", ") }

// Join joins values, each made printable.
func Join(values []string, separator string) string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = Printable(v)
	}
	return strings.Join(all, separator)
}

// Plural returns a number with its noun, in the plural unless it is 1.
func Plural[N int | uint64](n N, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// Few joins values with commas, and counts those after the first eight.
func Few(values []string) string {
	const most = 8
	if len(values) <= most {
		return List(values)
	}
	return List(values[:most]) + " and " + Plural(len(values)-most, "other")
}

// StripPackage returns the text of an error without the name of the package at its
// beginning.
func StripPackage(text string) string {
	for _, name := range []string{"policyfile: ", "protopolicy: ", "interceptor: ", "tokensource: ", "audience: ", "access: ", "verifier: ", "matrixissuer: "} {
		text = strings.TrimPrefix(text, name)
	}
	return text
}
