package access

import (
	"maps"
	"slices"
	"strconv"
	"time"
)

// newReach reads the entries of a policy. Its names must be known ones.
func newReach(p *Policy, now time.Time) *Reach {
	r := &Reach{policy: p, clients: slices.Sorted(maps.Keys(p.matrix.Clients)), known: map[string]int32{}, index: map[string]int32{}}
	for i, name := range r.clients {
		r.known[name] = int32(i)
		r.issuers = append(r.issuers, p.matrix.issuer(p.matrix.Clients[name].Issuer))
		r.exchanges = append(r.exchanges, r.issuers[i].exchanges())
	}
	r.calls = [2][][]int32{make([][]int32, len(r.clients)), make([][]int32, len(r.clients))}
	r.unruled = make([][]int32, len(r.clients))
	owners, byID, public := map[string][]int32{}, p.matrix.clientsByID(), p.matrix.publicMethods()
	for _, name := range slices.Sorted(maps.Keys(p.matrix.Services)) {
		s := p.matrix.Services[name]
		s.Closed = slices.Concat(s.Closed, public[name]) // which are not in "*"
		index := r.addService(name, s, byID)
		for _, grpc := range s.GRPC {
			owners[grpc] = append(owners[grpc], index)
		}
		for i := range s.Rollout {
			if s.Rollout[i].Until.After(now) {
				r.addRollout(index, s, i)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.matrix.External)) {
		r.addExternal(name, p.matrix.External[name])
	}
	r.addPublic(owners)
	return r
}

// addService adds a service with its entries.
func (r *Reach) addService(name string, s Service, byID map[string][]string) int32 {
	m := r.policy.matrix
	to := reachService{name: name, audience: s.audiences(name), sole: s.SoleAudience, callsOn: !s.CallsNobody, options: r.policy.optionsOf(s)}
	for _, client := range m.runsAs(name, s, byID) {
		to.runsAs = append(to.runsAs, r.known[client])
	}
	index := int32(len(r.services))
	r.services, r.index[name] = append(r.services, to), index
	issuers := m.issuersOf(s)
	for i := range s.Allow {
		e := reachEntry{service: index, path: []string{"services", name, "allow", strconv.Itoa(i)}, allow: &s.Allow[i], set: setOf(s.Allow[i].Methods, s.Closed)}
		id := r.add(e)
		if e.allow.Optional {
			r.addOpen(id)
		}
		var about []string // the issuers whose clients the entry admits
		for _, issuer := range issuers {
			if m.Concerns(s, *e.allow, issuer) {
				about = append(about, issuer.URL)
			}
		}
		r.addCallers(id, about)
	}
	return index
}

func (r *Reach) add(e reachEntry) int32 {
	r.entries, r.serviceOf = append(r.entries, e), append(r.serviceOf, e.service)
	return int32(len(r.entries) - 1)
}

// addOpen adds an entry that admits calls without a token.
func (r *Reach) addOpen(id int32) {
	e := r.entries[id]
	if e.kind == unenforced || !r.methods(arrival{entry: id, kind: noToken}).empty() {
		r.open = append(r.open, id)
	}
}

// addCallers adds an entry of allow to the clients of these issuers that it admits.
func (r *Reach) addCallers(id int32, issuers []string) {
	allow := r.entries[id].allow
	if allow.AnyClient {
		for client := range r.clients {
			r.addCaller(id, int32(client), issuers)
		}
		return
	}
	for _, name := range allow.Clients {
		r.addCaller(id, r.known[name], issuers)
	}
}

func (r *Reach) addCaller(id, client int32, issuers []string) {
	if !slices.Contains(issuers, r.issuers[client].URL) {
		return
	}
	allow := r.entries[id].allow
	asUser, asService := r.issuers[client].callers()
	login := len(allow.ACR) > 0 || allow.MaxAuthAge > 0
	for kind, can := range []bool{
		asItself:     asService && allow.Callers != UsersOnly && !login, // services do not log in
		userLoggedIn: asUser && allow.Callers != ServicesOnly,
	} {
		if can && !r.methods(arrival{entry: id, actor: client, kind: hopKind(kind)}).empty() {
			r.calls[kind][client] = append(r.calls[kind][client], id)
		}
	}
}

// callers reports whether tokens of i can be those of users, and of services that call as
// themselves.
func (i Issuer) callers() (users, services bool) {
	marks := i.Provider().Token.Service
	for _, conditions := range marks.AnyOf {
		if len(conditions) == 0 {
			return false, true // every token is a service's own
		}
	}
	return true, len(marks.AnyOf) > 0 || marks.Uncertain
}

// exchanges reports whether i exchanges the token of a user for one of another client.
func (i Issuer) exchanges() bool {
	p := i.Provider()
	return p.Request.Alternative == "" && !p.Advice.NoExchange
}

// addRollout adds a rollout that lets calls through: of its clients, or of anybody.
func (r *Reach) addRollout(service int32, s Service, i int) {
	o := s.Rollout[i]
	ruled := setOf(o.Methods, nil)
	if len(o.Methods) == 0 {
		ruled = s.ruled()
	}
	if ruled.empty() {
		return
	}
	id := r.add(reachEntry{service: service, path: []string{"services", r.services[service].name, "rollout", strconv.Itoa(i)}, set: ruled, kind: unenforced})
	if len(o.Clients) == 0 {
		r.addOpen(id)
	}
	for _, name := range o.Clients {
		r.unruled[r.known[name]] = append(r.unruled[r.known[name]], id)
	}
}

// ruled returns what a rollout without methods is about: the methods that entries are about,
// or all of a service without entries. Other methods are refused in any mode.
func (s Service) ruled() methodSet {
	if len(s.Allow) == 0 {
		return methodSet{all: true, list: s.Closed}
	}
	var ruled methodSet
	for _, allow := range s.Allow {
		set := setOf(allow.Methods, s.Closed)
		if ruled.all = ruled.all || set.all; ruled.all {
			ruled.list = s.Closed
			break
		}
		ruled.list = sorted(slices.Concat(ruled.list, set.list))
	}
	return ruled
}

func (r *Reach) addExternal(name string, e External) {
	index := int32(len(r.services))
	r.services, r.index[name] = append(r.services, reachService{name: name, external: true}), index
	id := r.add(reachEntry{service: index, path: []string{"external", name, "clients"}, set: methodSet{all: true}})
	for _, client := range e.Clients {
		c := r.known[client]
		users, services := r.issuers[c].callers()
		if services {
			r.calls[asItself][c] = append(r.calls[asItself][c], id)
		}
		if users {
			r.calls[userLoggedIn][c] = append(r.calls[userLoggedIn][c], id)
		}
	}
}

// publicMethods returns the methods of each service that anybody may call, whatever its
// entries say: a rule for "*" is not for them.
func (m Matrix) publicMethods() map[string][]string {
	methods, owners := map[string][]string{}, m.owners()
	for _, entry := range m.Public {
		if service, method, operation := m.opensOperation(entry); operation {
			methods[service] = append(methods[service], method)
			continue
		}
		grpc, method, ok := cutLast(entry)
		for _, name := range owners[grpc] {
			if ok && len(m.Services[name].GRPC) == 1 { // else another one may have a method of that name
				methods[name] = append(methods[name], method)
			}
		}
	}
	return methods
}

// addPublic adds the methods and operations of services that are open to anybody.
func (r *Reach) addPublic(owners map[string][]int32) {
	for i, entry := range r.policy.matrix.Public {
		service, method, operation := r.policy.matrix.opensOperation(entry)
		of := []int32{r.index[service]}
		if !operation {
			service, method, _ = cutLast(entry)
			of = owners[service]
		}
		for _, index := range of {
			r.addOpen(r.add(reachEntry{service: index, path: []string{"public", strconv.Itoa(i)}, set: methodSet{list: []string{method}}, kind: noToken}))
		}
	}
}
