package access

import (
	"slices"
	"strings"
)

// Path is a way by which a client can reach methods of a service: each hop is admitted by an
// entry of the matrix. What the handlers on the way really do is not known.
type Path struct {
	// From is the name of the client that begins it.
	From string

	// To is the service, or the API under External, at its end.
	To string

	// Methods are the methods that the last hop may call; "*" means all but Closed. Do not
	// change them.
	Methods []string

	// Closed are the methods that "*" does not include; nil if there are none.
	Closed []string

	// User says whether a user is known at the end.
	User PathUser

	search *search
	last   arrival
}

// PathUser says what becomes of the user on a [Path].
type PathUser string

// The ends of a path for its user. If the user is lost, a service in the middle calls as
// itself for what a user asked of it: the last service cannot know for whom.
const (
	UserKept PathUser = "kept" // the last token identifies the user who began
	UserLost PathUser = "lost" // a user began, and the last token does not identify the user
	NoUser   PathUser = "none" // nobody began but the client
)

// Hop is one call of a [Path].
type Hop struct {
	// Kind says with which token the call is made.
	Kind HopKind

	// Client is the client whose token is presented, empty if no token is.
	Client string

	// Service is the service that is called.
	Service string

	// Methods are the methods that may be called, as in [Path].
	Methods []string

	// Closed are the methods that "*" does not include; nil if there are none.
	Closed []string

	// Entry names what admits the call, such as "services.order-status.allow[0]".
	Entry string

	// Path is the place of the entry in the matrix, as of a [Problem]. Place is its place
	// in the files, as [Policy.Place] returns it.
	Path  []string
	Place string
}

// HopKind says with which token a call is made.
type HopKind string

// The kinds of hops.
const (
	HopAsItself   HopKind = "as itself"              // with a token of the client alone
	HopForUser    HopKind = "for a user"             // with a token that a user has from the client
	HopOnBehalf   HopKind = "on behalf of the user"  // with a token that was exchanged for that of the user
	HopForwards   HopKind = "forwards the token"     // with the token that the service received
	HopNoToken    HopKind = "without a token"        // the method is public, or the token optional
	HopUnenforced HopKind = "rules are not enforced" // a rollout lets the call through, without a caller
)

// String describes the call without the place of its entry: "order-status/GetOrderStatus as
// itself".
func (h Hop) String() string {
	text := h.Service + "/" + strings.Join(h.Methods, ",") + " " + string(h.Kind)
	if h.Client != "" && (h.Kind == HopAsItself || h.Kind == HopOnBehalf) {
		text += ", client " + h.Client
	}
	return text
}

// Hops returns the calls in their order.
func (p Path) Hops() []Hop {
	hops := []Hop{p.search.hop(p.last)}
	for i := p.last.before; i != none; i = p.search.arrivals[i].before {
		hops = append(hops, p.search.hop(p.search.arrivals[i]))
	}
	slices.Reverse(hops)
	return hops
}

// hop describes one call.
func (s *search) hop(a arrival) Hop {
	e := s.reach.entries[a.entry]
	set := s.reach.methods(a)
	h := Hop{Kind: a.kind.name(), Service: s.reach.services[e.service].name, Path: e.path}
	h.Methods, h.Closed = set.names()
	h.Entry = s.reach.policy.entryName(e)
	h.Place = s.reach.policy.Place(e.path...)
	if a.kind != noToken && a.actor >= 0 {
		h.Client = s.reach.clients[a.actor]
	}
	return h
}

var everyMethod = []string{"*"}

// names returns a set as the file writes it.
func (m methodSet) names() (methods, closed []string) {
	if m.all {
		return everyMethod, m.list
	}
	return m.list, nil
}
