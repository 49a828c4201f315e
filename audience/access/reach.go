package access

import (
	"iter"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Reach is what clients can reach by the rules of a policy, directly and through services
// that call on. It is what can be, not what is: which calls a handler makes, and which
// scopes, roles and claims the issuer gives to a client, is not known. It is immutable, and
// safe for concurrent use.
type Reach struct {
	policy    *Policy
	services  []reachService
	clients   []string         // those of the matrix, and then those that stand for unnamed ones
	known     map[string]int32 // the clients of the matrix by name
	index     map[string]int32 // the services by name
	issuers   []Issuer         // by client
	traits    []issuerTraits   // by client
	entries   []reachEntry
	serviceOf []int32      // by entry
	calls     [2][][]int32 // the entries that admit a client, by asItself or userLoggedIn
	unruled   [][]int32    // the rollouts that are about a client
	open      []int32      // the entries that admit anybody
}

// reachService is a service, or an API of others.
type reachService struct {
	name     string
	audience []string
	sole     bool
	external bool
	callsOn  bool            // unless the matrix says that it calls nobody
	runsAs   []int32         // the clients that it calls as
	options  []MethodOptions // demands of .proto files

	noAudience bool // whether something may stand for aud, or the API is not guarded here
	self       bool // whether tokens of its own client may lack aud
}

// issuerTraits says what the tokens of an issuer can be.
type issuerTraits struct {
	users, services bool // whether they can be those of users, and of services that call as themselves
	tellsServices   bool // whether they tell these for certain
	exchanges       bool // whether it exchanges tokens of users
	oneAudience     bool // whether they have one audience only
	noAudience      bool // whether it leaves aud out
}

// reachEntry is what admits calls: an entry of allow, of public, of rollout or of external.
type reachEntry struct {
	service int32
	path    []string
	allow   *Allow // nil for other entries
	set     methodSet
	kind    hopKind // of a call by anybody: noToken or unenforced
}

// Reach returns what the clients of p can reach now: a [Rollout] counts until its end.
func (p *Policy) Reach() *Reach { return newReach(p, time.Now()) }

// ReachEnforced returns what the clients of p can reach when all rollouts have ended.
func (p *Policy) ReachEnforced() *Reach {
	return newReach(p, time.Now().Add(maxRollout)) // no rollout of a policy ends later
}

// From returns the ways that begin with a client, shortest first: one for each entry that
// can be reached, for each end of the user, and for each way by which a service forwards the
// token it received. An unknown client has none.
func (r *Reach) From(client string) iter.Seq[Path] {
	return func(yield func(Path) bool) {
		start, ok := r.known[client]
		if !ok {
			return
		}
		newSearch(r, start, none, yield).run()
	}
}

// RunsAs returns the clients that a service calls as, by [Service.RunsAs] or by its name.
// known is false if the matrix does not say it, and for a service that is unknown or an API
// of others.
func (p *Policy) RunsAs(service string) (clients []string, known bool) {
	s, ok := p.matrix.Services[service]
	if !ok {
		return nil, false
	}
	clients = p.matrix.runsAs(service, s, p.matrix.clientsByID())
	return clients, s.CallsNobody || len(clients) > 0
}

// runsAs returns the clients that a service calls as.
func (m Matrix) runsAs(name string, s Service, byID map[string][]string) []string {
	if s.CallsNobody || len(s.RunsAs) > 0 {
		return s.RunsAs
	}
	var clients []string
	if _, ok := m.Clients[name]; ok {
		clients = append(clients, name)
	}
	for _, id := range append([]string{name}, s.audiences(name)...) {
		clients = append(clients, byID[id]...)
	}
	return sorted(clients)
}

// clientsByID returns the names of the clients by their id at the issuer.
func (m Matrix) clientsByID() map[string][]string {
	byID := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(m.Clients)) {
		id := m.party(name).id
		byID[id] = append(byID[id], name)
	}
	return byID
}

// entryName names an entry for people.
func (p *Policy) entryName(e reachEntry) string {
	if i, err := strconv.Atoi(e.path[len(e.path)-1]); err == nil && e.allow != nil {
		return p.entry(e.path[1], i)
	}
	return pathName(e.path)
}
