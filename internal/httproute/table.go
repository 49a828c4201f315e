package httproute

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// ErrNoRoute means that no route matches a request.
var ErrNoRoute = errors.New("no operation has this method and path")

// Entry is a route of an operation.
type Entry struct {
	Route     *Route
	Operation string

	// Group and Index say which routers agree about templates: those that try the
	// templates of one group from the last to the first, and those that prefer literal
	// segments. They have no meaning for patterns.
	Group string
	Index int
}

// Conflict says that routers could call different operations for one request.
type Conflict struct {
	A, B Entry
	Text string
}

// Conflicts returns what is wrong with routes that one server has. Two routes of
// different operations must match no common request, or one must match fewer requests in a
// way that every router respects: a pattern of ServeMux comes before those that match more,
// and before templates; a template comes before those that match more if it is declared
// after them, in the same group.
func Conflicts(entries []Entry) (all []Conflict) {
	for i, a := range entries {
		for _, b := range entries[:i] {
			if a.Operation == b.Operation {
				continue
			}
			if text := conflict(a, b); text != "" {
				all = append(all, Conflict{b, a, text})
			}
		}
	}
	return all
}

// conflict says why routers could confuse two routes; empty if they cannot.
func conflict(a, b Entry) string {
	for _, s := range a.Route.shapes {
		for _, t := range b.Route.shapes {
			var narrow, wide Entry
			switch a.Route.compare(s, b.Route, t) {
			case disjoint:
				continue
			case narrower:
				narrow, wide = a, b
			case wider:
				narrow, wide = b, a
			case same:
				return "both match the same requests"
			default:
				return "both match some requests, and neither is more specific"
			}
			if text := wide.order(narrow); text != "" {
				return text
			}
		}
	}
	return ""
}

// order says why some routers try e before narrow, a route that matches fewer requests.
func (e Entry) order(narrow Entry) string {
	switch {
	case !narrow.Route.template:
		return ""
	case !e.Route.template || e.Group != narrow.Group:
		return fmt.Sprintf("%q matches requests of %q too, and routers do not agree which one they call", e.Route, narrow.Route)
	case e.Index > narrow.Index:
		return fmt.Sprintf("%q matches requests of %q too: declare that one later, since routers try the last one first", e.Route, narrow.Route)
	default:
		return ""
	}
}

// compare returns how the requests of one shape of r relate to those of one shape of o. A
// route with a host comes before those without.
func (r *Route) compare(s shape, o *Route, t shape) relation {
	methods := methodRelation(r.method, o.method)
	if methods == disjoint {
		return disjoint
	}
	switch paths := methods.and(s.compare(t)); {
	case paths == disjoint || r.host == o.host:
		return paths
	case o.host == "":
		return narrower
	case r.host == "":
		return wider
	default:
		return disjoint
	}
}

// candidate is one shape of a route in a table.
type candidate struct {
	shape
	route     *Route
	operation string
	wider     int // how many others of the same host match its requests and more
	place     int // of all candidates, those with a host first, and of those alike the most specific
}

// Table finds the operation of a request. It is immutable, and safe for concurrent use.
type Table struct {
	hosts bool             // whether a route names a host
	roots map[string]*node // by the method of a request
}

// NewTable returns a table of routes, which must have no [Conflicts].
func NewTable(entries []Entry) *Table {
	t := &Table{roots: map[string]*node{}}
	for i, c := range ordered(entries) {
		c.place = i
		t.hosts = t.hosts || c.route.host != ""
		t.root(c.route.method).add(c)
		if c.route.method == "GET" {
			t.root("HEAD").add(c)
		}
	}
	return t
}

// ordered returns the candidates of routes, in the order of their places.
func ordered(entries []Entry) []*candidate {
	var all []*candidate
	for _, e := range entries {
		for _, s := range e.Route.shapes {
			all = append(all, &candidate{shape: s, route: e.Route, operation: e.Operation})
		}
	}
	for i, c := range all {
		for _, o := range all[:i] {
			if c.route.host != o.route.host {
				continue
			}
			switch c.route.compare(c.shape, o.route, o.shape) {
			case narrower:
				c.wider++
			case wider:
				o.wider++
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *candidate) int {
		return cmp.Or(cmp.Compare(min(len(b.route.host), 1), min(len(a.route.host), 1)), cmp.Compare(b.wider, a.wider))
	})
	return all
}

func (t *Table) root(method string) *node {
	if t.roots[method] == nil {
		t.roots[method] = &node{}
	}
	return t.roots[method]
}

// Match returns the operation that a request calls. path is escaped, as it was received,
// and without query. The error wraps [ErrAmbiguous] if two routers could read the request
// differently, and [ErrNoRoute] if no route matches.
func (t *Table) Match(method, host, path string) (operation string, err error) {
	if err := CheckPath(path); err != nil {
		return "", err
	}
	host = withoutPort(host)
	if t.hosts && (strings.HasSuffix(host, ".") || host != strings.ToLower(host)) {
		return "", fmt.Errorf("%w: the host ends with a dot, or has capital letters", ErrAmbiguous)
	}
	segments := make([]string, 0, 16) // room on the stack for most
	for segment := range strings.SplitSeq(path[1:], "/") {
		segments = append(segments, segment)
	}
	operation = t.find(method, host, segments)
	if strings.Contains(path, "%") {
		for i, s := range segments {
			segments[i], _ = url.PathUnescape(s) // CheckPath has unescaped it
		}
		if t.find(method, host, segments) != operation {
			return "", fmt.Errorf("%w: another operation has the path without escapes", ErrAmbiguous)
		}
	}
	if operation == "" {
		return "", ErrNoRoute
	}
	return operation, nil
}

// find returns the operation of the first candidate that matches; empty for none.
func (t *Table) find(method, host string, path []string) string {
	root := t.roots[method]
	if root == nil {
		return ""
	}
	best := root.find(host, path, nil)
	if best == nil {
		return ""
	}
	return best.operation
}

// withoutPort returns a host without its port, as ServeMux does.
func withoutPort(host string) string {
	colon := strings.LastIndexByte(host, ':')
	if colon < 0 || strings.HasSuffix(host, "]") {
		return host
	}
	return strings.Trim(host[:colon], "[]")
}
