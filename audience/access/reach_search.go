package access

import "slices"

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
	stopped  bool
	arrivals []arrival
	answered []bool            // by entry, end of the user, and whether the token is forwarded
	methods  map[int]methodSet // that were answered, where options of .proto files add demands
	reached  []bool            // by service, end of the user, and passed
	opened   [userEnds][2]bool // whether what anybody can call was called, by end of the user and passed
	held     map[arrival]bool  // the tokens that the service on the way was reached with
}

func newSearch(r *Reach, start, through int32, yield func(Path) bool) *search {
	return &search{
		reach: r, start: start, through: through, yield: yield,
		answered: make([]bool, len(r.entries)*int(userEnds)*2),
		reached:  make([]bool, len(r.services)*int(userEnds)*2),
		held:     map[arrival]bool{}, methods: map[int]methodSet{},
	}
}

// run finds all ways, those of one call first.
func (s *search) run() {
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

// callOn makes the calls of a service that was reached.
func (s *search) callOn(i int32) {
	a := s.arrivals[i]
	to := &s.reach.services[s.service(a)]
	if to.external || !to.callsOn || a.kind == forwards && s.through == none {
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
			s.call(i, client, userKept, onBehalf)
		}
		s.call(i, client, lost, asItself)
	}
	// What anybody can call, whichever service was reached first can call.
	if opened := &s.opened[lost][passed(a)]; !*opened {
		*opened = true
		s.callOpen(i, lost, noToken)
		s.callOpen(i, lost, unenforced)
	}
}

// passed counts whether a path has come through the service that it must come through.
func passed(a arrival) int {
	if a.passed {
		return 1
	}
	return 0
}

// canExchange reports whether a client can exchange the token of the user. Only the issuer
// of a token exchanges it.
func (s *search) canExchange(client int32) bool {
	return s.reach.exchanges[client] && s.reach.issuers[client].URL == s.reach.issuers[s.start].URL
}

// call makes the calls of a client with tokens of one kind, and the calls that are let
// through.
func (s *search) call(before, client int32, user userEnd, kind hopKind) {
	calls := s.reach.calls[asItself]
	if kind == userLoggedIn || kind == onBehalf {
		calls = s.reach.calls[userLoggedIn]
	}
	s.takeAll(calls[client], arrival{before: before, actor: client, kind: kind, user: user})
	if kind == asItself {
		s.letThrough(before, client, user)
	}
}

// letThrough makes the calls of a client that a rollout lets through, without a caller.
func (s *search) letThrough(before, client int32, user userEnd) {
	s.takeAll(s.reach.unruled[client], arrival{before: before, actor: client, kind: unenforced, user: user})
}

// callOpen makes the calls of one kind that anybody can make.
func (s *search) callOpen(before int32, user userEnd, kind hopKind) {
	for _, entry := range s.reach.open {
		if rollout := s.reach.entries[entry].kind == unenforced; rollout == (kind == unenforced) {
			s.take(arrival{before: before, entry: entry, actor: none, kind: kind, user: user})
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
	s.forwardTo(s.reach.calls[kind][a.actor], arrival{before: i, actor: a.actor, kind: forwards, user: a.user})
	s.forwardTo(s.reach.unruled[a.actor], arrival{before: i, actor: a.actor, kind: unenforced, user: lost})
}

// forwardTo makes those of the calls for which the token can be addressed to both services.
func (s *search) forwardTo(entries []int32, a arrival) {
	from := s.service(s.arrivals[a.before])
	for _, entry := range entries {
		if to := s.reach.serviceOf[entry]; to != from && s.reach.shareToken(from, to, a.actor) {
			a.entry = entry
			s.take(a)
		}
	}
}

// shareToken reports whether both services may accept one token of a client.
func (r *Reach) shareToken(a, b, client int32) bool {
	from, to, p := &r.services[a], &r.services[b], r.issuers[client].Provider()
	if slices.ContainsFunc(from.audience, func(aud string) bool { return slices.Contains(to.audience, aud) }) {
		return true
	}
	if from.acceptsNoAudience(p.Token.NoAudience, r.clients[client]) && to.acceptsNoAudience(p.Token.NoAudience, r.clients[client]) {
		return true
	}
	return !from.sole && !to.sole && !p.Request.OneAudience
}

// acceptsNoAudience reports whether a service accepts tokens of a client that lack aud, from
// an issuer that leaves it out, or from the service's own client.
func (s *reachService) acceptsNoAudience(leftOut bool, client string) bool {
	return s.noAudience && leftOut || s.self && s.name == client
}

func (s *search) service(a arrival) int32 { return s.reach.serviceOf[a.entry] }

// takeAll makes calls that differ in their entries alone. Most of them reach nothing new.
func (s *search) takeAll(entries []int32, a arrival) {
	before := 0
	if a.before != none {
		before = passed(s.arrivals[a.before])
	}
	for _, entry := range entries {
		to := s.reach.serviceOf[entry]
		if a.entry = entry; to == s.through || !s.answered[s.answer(a)] || !s.reached[state(to, a.user, before)] {
			s.take(a)
		}
	}
}

// answer returns the index of a call in answered.
func (s *search) answer(a arrival) int {
	i := 2 * (int(a.entry)*int(userEnds) + int(a.user))
	if a.kind == forwards {
		i++
	}
	return i
}

// state returns the index of a service in reached.
func state(service int32, user userEnd, passed int) int {
	return 2*(int(service)*int(userEnds)+int(user)) + passed
}

// take adds a call, if it reaches something new.
func (s *search) take(a arrival) {
	if s.stopped {
		return
	}
	to := s.service(a)
	a.passed = to == s.through || a.before != none && s.arrivals[a.before].passed
	at := state(to, a.user, passed(a))
	isNew := !s.reached[at] && (a.kind != forwards || s.through != none)
	if to == s.through && !isNew {
		token := arrival{actor: a.actor, kind: a.kind, user: a.user}
		isNew = !s.held[token]
		s.held[token] = true
	}
	if isNew {
		s.arrivals, s.reached[at] = append(s.arrivals, a), true
	}
	if s.isNewAnswer(a) && (s.through == none || a.passed && to != s.through) {
		s.report(a)
	}
}

// isNewAnswer reports whether a call is of methods that were not reached so before. Options of
// .proto files may give the clients of one entry different methods.
func (s *search) isNewAnswer(a arrival) bool {
	if len(s.reach.services[s.service(a)].options) == 0 {
		return !s.answered[s.answer(a)]
	}
	return !s.reach.methods(a).minus(s.methods[s.answer(a)]).empty()
}

// report yields the path that ends with a.
func (s *search) report(a arrival) {
	at, set, to := s.answer(a), s.reach.methods(a), &s.reach.services[s.service(a)]
	if len(to.options) == 0 {
		s.answered[at] = true
	} else {
		s.methods[at] = s.methods[at].union(set)
	}
	p := Path{From: s.reach.clients[s.start], To: to.name, User: a.user.name(), search: s, last: a}
	p.Methods, p.Closed = set.names()
	s.stopped = !s.yield(p)
}
