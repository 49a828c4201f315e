package httproute

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// maxText is the longest pattern, in bytes.
const maxText = 2048

// ParsePattern reads a pattern of [net/http.ServeMux], such as "GET /v1/orders/{id}". The
// method is required.
func ParsePattern(text string) (*Route, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("got %d bytes, want at most %d", len(text), maxText)
	}
	method, rest, found := cutSpace(text)
	if !found {
		method, rest = "", text
	}
	if err := checkMethod(method); err != nil {
		return nil, err
	}
	slash := strings.IndexByte(rest, '/')
	if slash < 0 {
		return nil, errors.New("no path: want a slash after the method or the host")
	}
	host, path := rest[:slash], rest[slash:]
	if err := checkHost(host); err != nil {
		return nil, err
	}
	s, err := patternShape(path)
	if err != nil {
		return nil, err
	}
	return &Route{text: text, method: method, host: host, shapes: []shape{s}}, nil
}

// cutSpace cuts at the first spaces and tabs.
func cutSpace(text string) (before, after string, found bool) {
	i := strings.IndexAny(text, " \t")
	if i < 0 {
		return text, "", false
	}
	return text[:i], strings.TrimLeft(text[i:], " \t"), true
}

// checkHost returns an error for a host that no request has in this form.
func checkHost(host string) error {
	wrong := func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '.' && c != '_'
	}
	if strings.ContainsFunc(host, wrong) || strings.HasSuffix(host, ".") || strings.HasPrefix(host, ".") {
		return fmt.Errorf("%.64q is not a host in lower case and without a port, such as orders.example.com", host)
	}
	return nil
}

// patternShape reads a path with wildcards in the syntax of ServeMux.
func patternShape(path string) (s shape, err error) {
	parts, seen := strings.Split(path[1:], "/"), []string{}
	for i, part := range parts {
		last := i == len(parts)-1
		name, inBraces := "", strings.ContainsAny(part, "{}")
		if inBraces {
			if name, err = braced(part); err != nil {
				return s, err
			}
		}
		name, rest := strings.CutSuffix(name, "...")
		switch {
		case part == "" && last:
			s.rest = true
			s.segments = append(s.segments, segment{wild: true, orEmpty: true})
			continue
		case !inBraces:
			text, err := literalText(part)
			if err != nil {
				return s, err
			}
			s.segments = append(s.segments, literal(text))
			continue
		case (rest || name == "$") && !last:
			return s, fmt.Errorf("%s stands before the end", part)
		case name == "$" && !rest:
			s.segments = append(s.segments, literal(""))
			continue
		case !identifier(name):
			return s, fmt.Errorf("%s is not a wildcard with a name, such as {id}", part)
		case slices.Contains(seen, name):
			return s, fmt.Errorf("the wildcard {%s} occurs twice", name)
		}
		seen = append(seen, name)
		s.rest = s.rest || rest
		s.segments = append(s.segments, segment{wild: true, orEmpty: rest})
	}
	return s, nil
}

// braced returns what stands in the braces that a segment consists of.
func braced(part string) (string, error) {
	name, open := strings.CutPrefix(part, "{")
	name, closed := strings.CutSuffix(name, "}")
	if !open || !closed || strings.ContainsAny(name, "{}") {
		return "", fmt.Errorf("%.64q: a wildcard is a whole segment, such as {id}", part)
	}
	return name, nil
}

// literalText returns a literal segment without escapes.
func literalText(part string) (string, error) {
	text, err := url.PathUnescape(part)
	if err != nil {
		return "", fmt.Errorf("%.64q has an invalid escape", part)
	}
	if part == "" || CheckPath("/"+url.PathEscape(text)) != nil {
		return "", fmt.Errorf("a segment %.64q is in no path that is accepted: it is empty, or can be read in more than one way", part)
	}
	return text, nil
}

// identifier reports whether s is an identifier of Go.
func identifier(s string) bool {
	for i, c := range s {
		if !unicode.IsLetter(c) && c != '_' && (i == 0 || !unicode.IsDigit(c)) {
			return false
		}
	}
	return s != ""
}
