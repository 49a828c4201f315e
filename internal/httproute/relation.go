package httproute

// relation is how the requests that one route matches relate to those of another.
type relation int

const (
	same     relation = iota
	narrower          // the other matches these and more
	wider             // these are the other's and more
	overlap           // some are common, and each has more
	disjoint          // none is common
)

// inverse returns the relation as the other route has it.
func (r relation) inverse() relation {
	switch r {
	case narrower:
		return wider
	case wider:
		return narrower
	default:
		return r
	}
}

// and returns the relation of requests with two parts, from the relations of the parts.
func (r relation) and(part relation) relation {
	switch {
	case r == disjoint || part == disjoint:
		return disjoint
	case r == same || r == part:
		return part
	case part == same:
		return r
	default:
		return overlap
	}
}
