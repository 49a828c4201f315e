package httproute

import (
	"net/url"
	"strings"
)

// segment says which segments of a path match: one literal, or all that end with a suffix.
type segment struct {
	literal string // unescaped; empty for the end of a path with a trailing slash
	escaped string // as it stands in a path
	wild    bool
	suffix  string // what a segment of a wildcard ends with; something stands before it
	orEmpty bool   // whether a wildcard also matches an empty segment, the last of a path
}

func literal(text string) segment { return segment{literal: text, escaped: url.PathEscape(text)} }

func wildcard(suffix string) segment { return segment{wild: true, suffix: suffix} }

func (s segment) matches(text string) bool {
	switch {
	case !s.wild:
		return text == s.literal || text == s.escaped
	case text == "":
		return s.orEmpty
	default:
		return len(text) > len(s.suffix) && strings.HasSuffix(text, s.suffix)
	}
}

// compare returns how the texts that s matches relate to those that o matches.
func (s segment) compare(o segment) relation {
	switch {
	case !s.wild && !o.wild:
		if s.literal == o.literal {
			return same
		}
		return disjoint
	case !s.wild:
		if o.matches(s.literal) {
			return narrower
		}
		return disjoint
	case !o.wild:
		return o.compare(s).inverse()
	case s.suffix == o.suffix && s.orEmpty == o.orEmpty:
		return same
	case strings.HasSuffix(s.suffix, o.suffix) && !s.orEmpty:
		return narrower
	case strings.HasSuffix(o.suffix, s.suffix) && !o.orEmpty:
		return wider
	default:
		return disjoint
	}
}

// shape says which paths match, by their segments.
type shape struct {
	segments []segment
	rest     bool // whether any segments may stand before the last
}

// compare returns how the paths that s matches relate to those that o matches.
func (s shape) compare(o shape) relation {
	if len(s.segments) > len(o.segments) || len(s.segments) == len(o.segments) && o.rest && !s.rest {
		return o.compare(s).inverse()
	}
	last, r := len(s.segments)-1, same
	switch {
	case len(o.segments) > len(s.segments) && !s.rest:
		return disjoint
	case len(o.segments) > len(s.segments) || s.rest && !o.rest:
		r = wider
	}
	for i := range last {
		if r = r.and(s.segments[i].compare(o.segments[i])); r == disjoint {
			return r
		}
	}
	return r.and(s.segments[last].compare(o.segments[len(o.segments)-1]))
}
