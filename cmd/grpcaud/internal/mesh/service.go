package mesh

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/audience/access"
)

// addService adds a service with its rules.
func (p *Plan) addService(name string) {
	from := p.matrix.Services[name]
	if from.HTTP != nil {
		p.note("the HTTP operations of service %q: only gRPC calls are admitted", name)
	}
	if len(from.GRPC) == 0 {
		return
	}
	s := Service{Name: name, Audiences: from.Audiences, OmitsAudience: from.Self || insecure(from)}
	for _, issuer := range from.Issuers {
		if p.addIssuer(issuer) {
			s.Issuers = append(s.Issuers, issuer)
		}
	}
	for _, grpc := range from.GRPC {
		s.Paths = append(s.Paths, path(grpc, "*", true))
	}
	for _, r := range from.Rollout {
		p.note("the rollout of service %q: it is enforced at once, not from %s on", name, r.Until.Format("2006-01-02"))
	}
	for n, allow := range from.Allow {
		entry := fmt.Sprintf("services.%s.allow[%d]", name, n)
		if allow.Optional {
			s.Optional = append(s.Optional, pathsOf(from, allow)...)
		}
		for _, issuer := range s.Issuers {
			if i := p.Issuer(issuer); p.matrix.Concerns(from, allow, i.Settings) {
				p.addRules(&s, from, entry, i, allow)
			}
		}
	}
	p.closeOptional(&s, from)
	p.Services = append(p.Services, s)
}

// closeOptional removes from Optional what nobody may call, and the methods for which .proto
// files demand a token.
func (p *Plan) closeOptional(s *Service, from access.Service) {
	for _, full := range closedPaths(from) {
		whole := full[:strings.LastIndexByte(full, '/')+1] + "*"
		if slices.Contains(s.Optional, whole) {
			s.Optional = slices.DeleteFunc(s.Optional, func(open string) bool { return open == whole })
			p.note("calls of %s without a token: %s is closed", whole, full)
		}
	}
	for _, o := range p.policy.AddedDemands() {
		if o.Demands.Optional {
			continue
		}
		for _, closed := range []string{path(o.GRPC, o.Method, true), path(o.GRPC, "*", true)} {
			if slices.Contains(s.Optional, closed) { // several entries may open it
				s.Optional = slices.DeleteFunc(s.Optional, func(open string) bool { return open == closed })
				p.note("calls of %s without a token: %s wants one for %s", closed, o.Place, o.Method)
			}
		}
	}
}

// addRules adds the rules of an entry: one for each method on which .proto files make further
// demands, and one for the others.
func (p *Plan) addRules(s *Service, from access.Service, entry string, i Issuer, allow access.Allow) {
	rest := Rule{Name: entry, Issuer: i.Name, Paths: pathsOf(from, allow)}
	if len(s.Issuers) > 1 {
		rest.Name += " of " + i.Name
	}
	if slices.Contains(allow.Methods, "*") {
		rest.Except = closedPaths(from)
	}
	for _, o := range p.policy.AddedDemands() {
		full := path(o.GRPC, o.Method, true)
		whole := slices.Contains(rest.Paths, path(o.GRPC, "*", true))
		if slices.Contains(closedPaths(from), full) {
			continue
		}
		if !whole && !slices.Contains(rest.Paths, full) {
			continue
		}
		one := rest
		one.Name, one.Paths = rest.Name+" at "+o.Method, []string{full}
		p.add(s, from, one, i, allow, o.Demands)
		rest.Paths = slices.DeleteFunc(rest.Paths, func(p string) bool { return p == full })
		if whole {
			rest.Except = append(rest.Except, full)
		}
	}
	if len(rest.Paths) > 0 {
		p.add(s, from, rest, i, allow)
	}
}

// add adds a rule for calls that meet all demands.
func (p *Plan) add(s *Service, from access.Service, r Rule, i Issuer, demands ...access.Allow) {
	clients := p.clients(i, demands)
	if len(clients) == 0 {
		return // it is about clients of other issuers
	}
	r.Every = []Either{p.addressedTo(s, from, i)}
	more, err := i.demands(clients, demands)
	if err != nil {
		p.note("%s, for tokens of issuer %q: %v", r.Name, i.Name, err)
		return
	}
	for _, e := range more {
		if !slices.ContainsFunc(r.Every, func(other Either) bool { return reflect.DeepEqual(e, other) }) {
			r.Every = append(r.Every, e)
		}
	}
	s.Rules = append(s.Rules, r)
}

// anyClient is the id that stands for any client.
const anyClient = ""

// clients returns the ids, at issuer i, of the clients that all demands allow; anyClient alone
// if no demand names a client.
func (p *Plan) clients(i Issuer, demands []access.Allow) []string {
	ids := []string{anyClient}
	for _, d := range demands {
		var named []string
		for _, name := range d.Clients {
			if c := p.matrix.Clients[name]; c.Issuer == i.Name {
				named = append(named, c.ID)
			}
		}
		switch {
		case len(d.Clients) == 0:
		case slices.Contains(ids, anyClient):
			ids = named
		default:
			ids = slices.DeleteFunc(ids, func(id string) bool { return !slices.Contains(named, id) })
		}
	}
	slices.Sort(ids)
	return ids
}

// addressedTo demands the audience of the service. A service that is its own audience also
// accepts its own client's token without aud; and so does a service of an issuer without aud,
// whose scopes name the service.
func (p *Plan) addressedTo(s *Service, from access.Service, i Issuer) Either {
	ways := onlyWay(Condition{Claim: []string{"aud"}, Values: s.Audiences, Only: from.SoleAudience})
	if self, ok := p.matrix.Clients[s.Name]; ok && from.Self && self.Issuer == i.Name {
		ways = append(ways, All{absent("aud"), oneOf([]string{self.ID}, i.token.Clients[0])})
	}
	if insecure(from) && i.token.NoAudience {
		ways = append(ways, All{absent("aud")})
	}
	return ways
}

// insecure reports whether a service accepts tokens without aud. Its entries demand the
// scopes or roles that stand for it.
func insecure(s access.Service) bool {
	return s.InsecureNoAudience != "" || len(s.InsecureNoAudienceRoles) > 0
}

// closedPaths returns the paths of the methods that nobody may call.
func closedPaths(s access.Service) []string {
	return pathsOf(s, access.Allow{Methods: s.Closed})
}

// pathsOf returns the paths of the methods of an entry.
func pathsOf(s access.Service, allow access.Allow) []string {
	var all []string
	for _, grpc := range s.GRPC {
		methods := allow.Methods
		if slices.Contains(methods, "*") {
			methods = []string{"*"}
		}
		for _, method := range methods {
			all = append(all, path(grpc, method, true))
		}
	}
	return all
}
