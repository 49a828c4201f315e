package httproute

import (
	"errors"
	"fmt"
	"slices"
)

// Route says which requests call an operation. [ParsePattern] and [ParseTemplate] make
// one. It is immutable.
type Route struct {
	text     string
	method   string
	host     string // empty for every host
	template bool   // whether it is a path template
	shapes   []shape
}

// String returns the method and the pattern.
func (r *Route) String() string { return r.text }

// Same reports whether r and o match the same requests.
func (r *Route) Same(o *Route) bool {
	return r.method == o.method && r.host == o.host && len(r.shapes) == len(o.shapes) &&
		!slices.ContainsFunc(r.shapes, func(s shape) bool {
			return !slices.ContainsFunc(o.shapes, func(t shape) bool { return s.compare(t) == same })
		})
}

// Overlaps reports whether some request matches both r and o.
func (r *Route) Overlaps(o *Route) bool {
	return slices.ContainsFunc(r.shapes, func(s shape) bool {
		return slices.ContainsFunc(o.shapes, func(t shape) bool { return r.compare(s, o, t) != disjoint })
	})
}

// methodRelation returns how the methods of two routes relate: GET also matches HEAD.
func methodRelation(a, b string) relation {
	switch {
	case a == b:
		return same
	case a == "HEAD" && b == "GET":
		return narrower
	case a == "GET" && b == "HEAD":
		return wider
	default:
		return disjoint
	}
}

// checkMethod returns an error unless operations may have this method.
func checkMethod(method string) error {
	switch method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
		return nil
	case "CONNECT", "TRACE":
		return fmt.Errorf("the method %s cannot be guarded", method)
	case "":
		return errors.New("no method: begin with one, such as GET /v1/orders/{id}")
	}
	for _, c := range []byte(method) {
		if c < 'A' || c > 'Z' {
			return fmt.Errorf("%.32q is not a method in capital letters, such as GET", method)
		}
	}
	return nil
}
