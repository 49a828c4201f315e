package httproute

// node is a place in the tree of the segments before the last.
type node struct {
	literals map[string]*node // by the segment, with and without escapes
	wild     *node            // for any segment

	exact map[string][]*candidate // those with this last segment, with and without escapes
	ends  []*candidate            // those whose last segment is a wildcard
	rests []*candidate            // those with any segments from here on
}

// add adds a candidate below n, the root.
func (n *node) add(c *candidate) {
	last := len(c.segments) - 1
	for _, s := range c.segments[:last] {
		n = n.child(s)
	}
	switch end := c.segments[last]; {
	case c.rest:
		n.rests = append(n.rests, c)
	case end.wild:
		n.ends = append(n.ends, c)
	default:
		if n.exact == nil {
			n.exact = map[string][]*candidate{}
		}
		n.exact[end.literal] = append(n.exact[end.literal], c)
		if end.escaped != end.literal {
			n.exact[end.escaped] = append(n.exact[end.escaped], c)
		}
	}
}

// child returns the place after a segment, which it makes if it is not there.
func (n *node) child(s segment) *node {
	if s.wild {
		if n.wild == nil {
			n.wild = &node{}
		}
		return n.wild
	}
	child := n.literals[s.literal]
	if child == nil {
		child = &node{}
		if n.literals == nil {
			n.literals = map[string]*node{}
		}
		n.literals[s.literal], n.literals[s.escaped] = child, child
	}
	return child
}

// find returns the candidate below n with the first place that matches what is left of a
// path, or best if that comes before.
func (n *node) find(host string, path []string, best *candidate) *candidate {
	end := path[len(path)-1]
	best = first(n.rests, host, end, best)
	if len(path) == 1 {
		return first(n.ends, host, end, first(n.exact[end], host, end, best))
	}
	if child := n.literals[path[0]]; child != nil {
		best = child.find(host, path[1:], best)
	}
	if n.wild != nil && path[0] != "" {
		best = n.wild.find(host, path[1:], best)
	}
	return best
}

// first returns the candidate with the first place that is for a host and whose last segment
// matches, or best if that comes before.
func first(all []*candidate, host, end string, best *candidate) *candidate {
	for _, c := range all {
		if best != nil && best.place < c.place {
			return best // the others come later still
		}
		if (c.route.host == "" || c.route.host == host) && c.segments[len(c.segments)-1].matches(end) {
			return c
		}
	}
	return best
}
