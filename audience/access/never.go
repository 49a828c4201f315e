package access

import "slices"

// Never is a statement that must hold of all ways by which clients reach a service,
// directly or through services that call on; see [Policy.Reach]. If it does not hold,
// [New] makes no policy. The error shows the way.
type Never struct {
	// From names the clients with which the ways begin. Required, unless FromAny.
	From []string

	// FromAny means all clients of the matrix, those that are added later too, and those
	// that it does not name where an entry admits any client. The file writes it as
	// from: any.
	FromAny bool

	// To names the service, or the API under External, that they must not reach. Required.
	To string

	// Methods are the methods and operations of To that the statement is about, by their
	// short names. Empty means all.
	Methods []string

	// Except are the methods that the statement is not about. It excludes Methods; empty
	// means none.
	Except []string

	// Through limits the statement to ways through this service. Empty means all ways.
	Through string

	// WithoutUser limits the statement to ways that arrive without the user: a client or a
	// service calls as itself. Ways that keep the user to their end are then permitted.
	WithoutUser bool
}

// concerns returns those of the methods that the statement is about.
func (n Never) concerns(m methodSet) methodSet {
	if len(n.Methods) > 0 {
		return m.only(n.Methods)
	}
	return m.without(n.Except)
}

// isFrom reports whether the statement is about ways that begin with a client.
func (n Never) isFrom(client string) bool { return n.FromAny || slices.Contains(n.From, client) }

// isAbout reports whether the statement is about a way with this outcome for the user.
func (n Never) isAbout(user PathUser) bool { return !n.WithoutUser || user != UserKept }

// sharesFrom reports whether two statements are about the same client.
func (n Never) sharesFrom(other Never) bool {
	return n.FromAny || other.FromAny || slices.ContainsFunc(n.From, func(name string) bool { return slices.Contains(other.From, name) })
}

// methodSet is a set of methods: those of a list, or all but some.
type methodSet struct {
	all  bool
	list []string // the methods, or those that all does not have
}

func (m methodSet) empty() bool { return !m.all && len(m.list) == 0 }

func (m methodSet) has(method string) bool { return m.all != slices.Contains(m.list, method) }

// only returns those of the listed methods that m has.
func (m methodSet) only(list []string) methodSet {
	return methodSet{list: slices.DeleteFunc(slices.Clone(list), func(method string) bool { return !m.has(method) })}
}

// without returns m without the listed methods.
func (m methodSet) without(list []string) methodSet {
	if m.all {
		return methodSet{all: true, list: sorted(slices.Concat(m.list, list))}
	}
	return methodSet{list: slices.DeleteFunc(slices.Clone(m.list), func(method string) bool { return slices.Contains(list, method) })}
}

// minus returns m without the methods of other.
func (m methodSet) minus(other methodSet) methodSet {
	if other.all {
		return m.only(other.list)
	}
	return m.without(other.list)
}

// union returns the methods of both.
func (m methodSet) union(other methodSet) methodSet {
	switch {
	case m.all:
		return methodSet{all: true, list: slices.DeleteFunc(slices.Clone(m.list), other.has)}
	case other.all:
		return other.union(m)
	default:
		return methodSet{list: sorted(slices.Concat(m.list, other.list))}
	}
}

// setOf returns the set that a list of methods names, in which "*" means all.
func setOf(methods, closed []string) methodSet {
	if slices.Contains(methods, "*") {
		return methodSet{all: true, list: closed}
	}
	return methodSet{list: methods}.without(closed)
}
