package access

import (
	"math"
	"slices"
)

// hopKind is a [HopKind].
type hopKind uint8

// The kinds of hops. The first two are also the kinds of tokens that a client can get.
const (
	asItself hopKind = iota
	userLoggedIn
	onBehalf
	forwards
	noToken
	unenforced
)

func (k hopKind) name() HopKind {
	return [...]HopKind{HopAsItself, HopForUser, HopOnBehalf, HopForwards, HopNoToken, HopUnenforced}[k]
}

// userEnd is a [PathUser].
type userEnd uint8

const (
	userKept userEnd = iota
	userLost
	noUser
	userEnds // their number
)

func (u userEnd) name() PathUser { return [...]PathUser{UserKept, UserLost, NoUser}[u] }

// none stands for no client, no service and no arrival.
const none int32 = -1

// arrival is one call of a path.
type arrival struct {
	before int32 // the call before; none for the first
	entry  int32
	actor  int32 // the client whose token it is, or that calls; none for a service without a token
	kind   hopKind
	user   userEnd
	passed bool // whether the path has come through the service that it must come through
}

// search finds the shortest ways from one client.
type search struct {
	reach    *Reach
	start    int32
	through  int32 // the service that ways must come through, none for all ways
	yield    func(Path) bool
	left     int // how many steps the search may still take
	stopped  bool
	arrivals []arrival
	answered []bool            // by entry, end of the user, and whether the token is forwarded
	methods  map[int]methodSet // that were answered, where options of .proto files add demands
	reached  []bool            // by service, end of the user, and passed
	opened   [userEnds][2]bool // whether what anybody can call was called, by end of the user and passed
	held     map[arrival]bool  // the tokens that the service on the way was reached with
	called   []bool            // by client, end of the user, and passed: whether a service has made its calls
}

func newSearch(r *Reach, start, through int32, yield func(Path) bool) *search {
	return &search{
		reach: r, start: start, through: through, yield: yield, left: math.MaxInt,
		arrivals: make([]arrival, 0, len(r.services)*int(userEnds)),
		answered: make([]bool, len(r.entries)*int(userEnds)*2),
		reached:  make([]bool, len(r.services)*int(userEnds)*2),
		called:   make([]bool, len(r.clients)*int(userEnds)*2),
		held:     map[arrival]bool{}, methods: map[int]methodSet{},
	}
}

// run finds all ways, those of one call first.
func (s *search) run() {
	s.spend(len(s.reach.entries) + len(s.reach.services) + len(s.reach.clients))
	s.call(none, s.start, userKept, userLoggedIn)
	s.call(none, s.start, noUser, asItself)
	s.letThrough(none, s.start, userLost)
	s.callOpen(none, noUser, noToken)
	s.callOpen(none, noUser, unenforced)
	s.callOpen(none, userLost, unenforced)
	for i := int32(0); i < int32(len(s.arrivals)) && !s.stopped; i++ {
		s.callOn(i)
	}
}

// spend counts steps, and stops the search if too many were taken.
func (s *search) spend(steps int) {
	if s.left -= steps; s.left < 0 {
		s.stopped = true
	}
}

// callOn makes the calls of a service that was reached.
func (s *search) callOn(i int32) {
	a := s.arrivals[i]
	to := &s.reach.services[s.service(a)]
	if !to.callsOn || a.kind == forwards && s.through == none {
		return
	}
	// Whoever gets a token can use it directly. So a service that forwards it reaches
	// nothing else: it is another way, and it matters to what must come through a service.
	if a.before == none || s.service(a) == s.through {
		s.forward(i)
	}
	lost := a.user
	if lost == userKept {
		lost = userLost
	}
	for _, client := range to.runsAs {
		if a.user == userKept && s.canExchange(client) {
			s.callAs(i, client, userKept, onBehalf)
		}
		s.callAs(i, client, lost, asItself)
	}
	// What anybody can call, whichever service was reached first can call.
	if opened := &s.opened[lost][digit(a.passed)]; !*opened {
		*opened = true
		s.callOpen(i, lost, noToken)
		s.callOpen(i, lost, unenforced)
	}
}

// passed reports whether a path has come through the service that it must come through,
// with the call before.
func (s *search) passed(before int32) bool { return before != none && s.arrivals[before].passed }

// digit is 1 for true.
func digit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// canExchange reports whether a client can exchange the token of the user. Only the issuer
// of a token exchanges it.
func (s *search) canExchange(client int32) bool {
	return s.reach.traits[client].exchanges && s.reach.issuers[client].URL == s.reach.issuers[s.start].URL
}

// callAs makes the calls of a service as a client. Whichever service was reached first makes
// them: those of another one are the same.
func (s *search) callAs(i, client int32, user userEnd, kind hopKind) {
	if called := &s.called[state(client, user, s.arrivals[i].passed)]; !*called {
		*called = true
		s.call(i, client, user, kind)
	}
}

// call makes the calls of a client with tokens of one kind, and the calls that are let
// through.
func (s *search) call(before, client int32, user userEnd, kind hopKind) {
	calls := s.reach.calls[asItself]
	if kind == userLoggedIn || kind == onBehalf {
		calls = s.reach.calls[userLoggedIn]
	}
	s.takeAll(calls[client], arrival{before: before, actor: client, kind: kind, user: user, passed: s.passed(before)})
	if kind == asItself {
		s.letThrough(before, client, user)
	}
}

// letThrough makes the calls of a client that a rollout lets through, without a caller.
func (s *search) letThrough(before, client int32, user userEnd) {
	s.takeAll(s.reach.unruled[client], arrival{before: before, actor: client, kind: unenforced, user: user, passed: s.passed(before)})
}

// callOpen makes the calls of one kind that anybody can make.
func (s *search) callOpen(before int32, user userEnd, kind hopKind) {
	s.spend(len(s.reach.open))
	for _, entry := range s.reach.open {
		if rollout := s.reach.entries[entry].kind == unenforced; rollout == (kind == unenforced) {
			s.take(arrival{before: before, entry: entry, actor: none, kind: kind, user: user, passed: s.passed(before)})
		}
	}
}

// forward makes the calls with the token that a service received.
func (s *search) forward(i int32) {
	a := s.arrivals[i]
	if a.kind == noToken || a.kind == unenforced {
		return
	}
	kind, lost := asItself, a.user
	if a.user == userKept {
		kind, lost = userLoggedIn, userLost
	}
	s.forwardTo(s.reach.calls[kind][a.actor], arrival{before: i, actor: a.actor, kind: forwards, user: a.user, passed: a.passed})
	s.forwardTo(s.reach.unruled[a.actor], arrival{before: i, actor: a.actor, kind: unenforced, user: lost, passed: a.passed})
}

// forwardTo makes those of the calls for which the token can be addressed to both services.
func (s *search) forwardTo(entries []int32, a arrival) {
	from := s.service(s.arrivals[a.before])
	for _, entry := range entries {
		s.spend(1 + len(s.reach.services[from].audience)*len(s.reach.services[s.reach.serviceOf[entry]].audience))
		if s.stopped {
			return
		}
		if to := s.reach.serviceOf[entry]; to != from && s.reach.shareToken(from, to, a.actor) {
			a.entry = entry
			s.take(a)
		}
	}
}

// shareToken reports whether both services may accept one token of a client.
func (r *Reach) shareToken(a, b, client int32) bool {
	from, to, t := &r.services[a], &r.services[b], &r.traits[client]
	if slices.ContainsFunc(from.audience, func(aud string) bool { return slices.Contains(to.audience, aud) }) {
		return true
	}
	if from.acceptsNoAudience(t.noAudience, r.clients[client]) && to.acceptsNoAudience(t.noAudience, r.clients[client]) {
		return true
	}
	return !from.sole && !to.sole && !t.oneAudience
}

// acceptsNoAudience reports whether a service accepts tokens of a client that lack aud, from
// an issuer that leaves it out, or from the service's own client.
func (s *reachService) acceptsNoAudience(leftOut bool, client string) bool {
	return s.noAudience && leftOut || s.self && s.name == client
}

func (s *search) service(a arrival) int32 { return s.reach.serviceOf[a.entry] }

// takeAll makes calls that differ in their entries alone. Most of them reach nothing new.
func (s *search) takeAll(entries []int32, a arrival) {
	s.spend(len(entries))
	a.entry = 0
	answered := s.answered[s.answer(a):]
	for _, a.entry = range entries {
		if !answered[a.entry] || s.through != none {
			s.take(a)
		}
	}
}

// answer returns the index of a call in answered, in which the entries of one end of the user
// follow each other.
func (s *search) answer(a arrival) int {
	return (2*int(a.user)+digit(a.kind == forwards))*len(s.reach.entries) + int(a.entry)
}

// state returns the index of a service in reached, and of a client in called.
func state(of int32, user userEnd, passed bool) int {
	return 2*(int(of)*int(userEnds)+int(user)) + digit(passed)
}

// take adds a call, if it reaches something new.
func (s *search) take(a arrival) {
	if s.stopped {
		return
	}
	to := s.service(a)
	a.passed = a.passed || to == s.through
	at := state(to, a.user, a.passed)
	isNew := !s.reached[at] && (a.kind != forwards || s.through != none)
	if to == s.through && !isNew {
		token := arrival{actor: a.actor, kind: a.kind, user: a.user}
		isNew = !s.held[token]
		s.held[token] = true
	}
	if isNew {
		s.arrivals, s.reached[at] = append(s.arrivals, a), true
	}
	if s.through == none || a.passed && to != s.through {
		s.report(a)
	}
}

// report yields the path that ends with a, if its methods were not reached so before.
func (s *search) report(a arrival) {
	at, set, to := s.answer(a), s.reach.entries[a.entry].set, &s.reach.services[s.service(a)]
	if len(to.options) == 0 {
		if s.answered[at] {
			return
		}
		s.answered[at] = true
	} else { // the clients of one entry may have different methods
		set = s.reach.methods(a)
		if set.minus(s.methods[at]).empty() {
			return
		}
		s.methods[at] = s.methods[at].union(set)
	}
	p := Path{From: s.reach.clients[s.start], To: to.name, User: a.user.name(), search: s, last: a}
	p.Methods, p.Closed = set.names()
	s.stopped = !s.yield(p)
}
