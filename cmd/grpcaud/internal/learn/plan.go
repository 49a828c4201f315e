package learn

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/internal/scope"
)

// plan is the matrix that is learnt, as it will be written.
type plan struct {
	*Collector
	base *base // nil without one
	set  descriptor.Set

	grpcs    map[string][]string // the gRPC services of which calls were seen, by service
	issuers  map[string]*plannedIssuer
	services map[string]*plannedService
	clients  map[party]*plannedClient
	notes    []string

	issuerNames, serviceNames, clientNames names
}

// party is a client at an issuer.
type party struct{ issuer, id string }

// plannedIssuer is an issuer by its URL.
type plannedIssuer struct {
	name   string
	issuer access.Issuer
	bad    string // why nothing of it is learnt
}

// plannedService is a service by its name in the records.
type plannedService struct {
	name     string
	service  access.Service
	bad      string
	issuers  map[string]bool            // by their names
	methods  map[string]map[string]bool // the gRPC services by method of which calls were seen; "" for HTTP
	rights   []right
	entries  []entry
	observed *observedService
}

// plannedClient is a client.
type plannedClient struct {
	name, issuer string
	fresh        bool // the base does not have it
	bad          string
}

func newPlan(c *Collector, b *base, set descriptor.Set) *plan {
	p := &plan{
		Collector: c, base: b, set: set,
		issuers: map[string]*plannedIssuer{}, services: map[string]*plannedService{}, clients: map[party]*plannedClient{},
		grpcs: map[string][]string{}, issuerNames: names{}, serviceNames: names{}, clientNames: names{},
	}
	p.findGRPC()
	if b == nil {
		return p
	}
	for name := range b.matrix.Services {
		p.serviceNames[name] = true
	}
	for name := range b.matrix.External {
		p.serviceNames[name] = true
	}
	for name, client := range b.matrix.Clients {
		p.clientNames[name] = true
		p.clients[party{b.matrix.Issuers[client.Issuer].URL, client.ID}] = &plannedClient{name: name, issuer: client.Issuer}
	}
	return p
}

// findGRPC finds the gRPC services of which calls were seen.
func (p *plan) findGRPC() {
	seen := map[[2]string]bool{} // by service and gRPC service
	for k := range p.cells {
		grpc, _, ok := splitMethod(k.method, k.service)
		if at := [2]string{k.service, grpc}; ok && grpc != "" && !seen[at] {
			seen[at] = true
			p.grpcs[k.service] = append(p.grpcs[k.service], grpc)
		}
	}
	for _, all := range p.grpcs {
		slices.Sort(all)
	}
}

// make decides what is learnt of each cell.
func (p *plan) make() {
	keys := slices.SortedFunc(maps.Keys(p.cells), func(a, b cellKey) int {
		return cmp.Or(cmp.Compare(a.service, b.service), cmp.Compare(a.issuer, b.issuer), cmp.Compare(a.client, b.client), cmp.Compare(a.method, b.method), cmp.Compare(a.caller, b.caller))
	})
	kept := keys[:0:0]
	for _, k := range p.byName(keys) {
		if why := p.refuse(k, p.cells[k]); why != "" {
			p.drop(k, why)
			continue
		}
		kept = append(kept, k)
		s := p.services[k.service]
		grpc, method, _ := splitMethod(k.method, k.service)
		if s.methods[method] == nil {
			s.methods[method] = map[string]bool{}
		}
		s.methods[method][grpc] = true
		s.issuers[p.issuers[k.issuer].name] = true
	}
	kept = p.withoutAmbiguous(kept)
	p.makeRights(kept)
	for name, s := range p.services {
		if len(s.rights) == 0 {
			delete(p.services, name)
			continue
		}
		s.entries = entriesOf(s.rights)
	}
}

// byName returns the cells of clients whose names the matrix has first, then those of clients
// whose ids can be names, and then those that get a name which is like their id: so that no
// client gets the name of another.
func (p *plan) byName(keys []cellKey) []cellKey {
	var ranks [3][]cellKey
	odd := map[string]bool{}
	for _, k := range keys {
		if _, known := odd[k.client]; !known {
			odd[k.client] = !plainName.MatchString(k.client)
		}
		switch {
		case p.cells[k].name != "":
			ranks[0] = append(ranks[0], k)
		case !odd[k.client]:
			ranks[1] = append(ranks[1], k)
		default:
			ranks[2] = append(ranks[2], k)
		}
	}
	return slices.Concat(ranks[:]...)
}

// drop lists a cell as not learnt.
func (p *plan) drop(k cellKey, why string) {
	p.unlearnt.add(callKey{why: why, client: cut(k.client), service: cut(k.service), method: cut(k.method)}, p.cells[k].Count)
}

// refuse returns why a cell is not learnt; empty if it is.
func (p *plan) refuse(k cellKey, e *cell) string {
	i := p.issuer(k.issuer)
	if i.bad != "" {
		return i.bad
	}
	s := p.service(k.service, e.to)
	switch grpc, method, ok := splitMethod(k.method, k.service); {
	case s.bad != "":
		return s.bad
	case !ok:
		return notAMethod
	case p.base != nil:
		if why := p.base.refuses(s.service, i.name, k, e, grpc, method); why != "" {
			return why
		}
	case e.bare:
		return noAudience
	case grpc == "" && !p.annotated(k.service, method):
		return overHTTP
	}
	client := p.client(k, e)
	if client.bad != "" {
		return client.bad
	}
	return p.refusedByOptions(k, client.name)
}

// refusedByOptions returns why the options of a .proto file admit no call of a cell; empty if
// they may admit one.
func (p *plan) refusedByOptions(k cellKey, client string) string {
	grpc, method, _ := splitMethod(k.method, k.service)
	for _, o := range p.set.Options {
		d := o.Demands
		switch {
		case o.GRPC != grpc || o.Method != method:
		case len(d.Clients) > 0 && !slices.Contains(d.Clients, client),
			d.Callers == access.UsersOnly && k.caller == decision.Service,
			d.Callers == access.ServicesOnly && k.caller == decision.User:
			return demandedBy
		}
	}
	return ""
}

// annotated reports whether a .proto file says which requests call a method of a gRPC
// service of which calls were seen.
func (p *plan) annotated(service, method string) bool {
	for _, o := range p.set.Options {
		if o.Method == method && len(o.HTTP) > 0 && slices.Contains(p.grpcs[service], o.GRPC) {
			return true
		}
	}
	return false
}

// withoutAmbiguous leaves out what an entry cannot say: that a client calls a method of one
// gRPC service, and not the method of the same name of another.
func (p *plan) withoutAmbiguous(keys []cellKey) []cellKey {
	called := map[cellKey]map[string]bool{}
	short := func(k cellKey) (cellKey, string) {
		grpc, method, _ := splitMethod(k.method, k.service)
		k.method = method
		return k, grpc
	}
	for _, k := range keys {
		key, grpc := short(k)
		if called[key] == nil {
			called[key] = map[string]bool{}
		}
		called[key][grpc] = true
	}
	return slices.DeleteFunc(keys, func(k cellKey) bool {
		key, _ := short(k)
		for grpc := range p.services[k.service].owners(p.set, key.method) {
			if !called[key][grpc] && !called[key][""] {
				p.drop(k, ambiguousMethod)
				return true
			}
		}
		return false
	})
}

// owners returns the gRPC services of a service that have a method, if there are several:
// by the descriptors, or else by the calls.
func (s *plannedService) owners(set descriptor.Set, method string) map[string]bool {
	all := map[string]bool{}
	for _, grpc := range s.service.GRPC {
		if methods, known := set.Methods[grpc]; known && slices.Contains(methods, method) || !known && s.methods[method][grpc] {
			all[grpc] = true
		}
	}
	if len(all) < 2 {
		return nil
	}
	return all
}

// makeRights makes the rights of the cells.
func (p *plan) makeRights(keys []cellKey) {
	type place struct {
		service, client, method string
		kind                    access.CallerKind
	}
	all := map[place]*right{}
	for _, k := range keys {
		e, s := p.cells[k], p.services[k.service]
		_, method, _ := splitMethod(k.method, k.service)
		of := party{k.issuer, k.client}
		r := right{Count: e.Count, of: of, client: p.clients[of].name, method: method, kind: p.kindOf(s, k), scopes: p.writable(k, e.scopes, s.service.InsecureNoAudience)}
		at := place{k.service, r.client, r.method, r.kind}
		if before := all[at]; before != nil {
			before.scopes = slices.DeleteFunc(before.scopes, func(x string) bool { return !slices.Contains(r.scopes, x) })
			before.Add(r.Count)
			continue
		}
		all[at] = &r
	}
	for at, r := range all {
		s := p.services[at.service]
		s.rights = append(s.rights, *r)
	}
}

// writable returns the scopes that an entry can demand: where a prefix stands for the
// audience, only those that begin with it.
func (p *plan) writable(k cellKey, scopes []string, prefix string) []string {
	scopes = slices.DeleteFunc(slices.Clone(scopes), func(x string) bool { return !strings.HasPrefix(x, prefix) })
	fit := slices.DeleteFunc(slices.Clone(scopes), func(x string) bool { return !scope.Valid(x) || x == "none" })
	if len(fit) < len(scopes) {
		p.notes = append(p.notes, fmt.Sprintf("client %q of service %q: calls of %s had scopes that no matrix can demand", cut(k.client), cut(k.service), cut(k.method)))
	}
	return fit
}
