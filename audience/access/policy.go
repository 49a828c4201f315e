package access

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/grpcaud/grpcaud/internal/quote"
)

// Policy is a checked access matrix. It is immutable, and safe for concurrent use.
// Only [New] makes one, so every rule of it names an issuer and an audience.
type Policy struct {
	matrix     Matrix
	given      []MethodOptions            // all options of .proto files
	options    map[string][]MethodOptions // added demands, by gRPC service
	declared   map[string][]MethodOptions // the rules of services that only options define
	operations map[string][]Operation     // by service of the matrix
	clients    map[party]bool             // all of them
	warnings   []*Problem
	written    map[place]string            // the names in the file, of what was made for tenants
	places     func(path ...string) string // the place of a path in a file; nil if places are not known

	generation string
}

// Warnings lists what is allowed but rarely intended: a client that no rule names,
// a service that nobody may call, the default audience of an issuer as audience. A
// [Problem] of severity [Info] names what is broad on purpose, such as
// methods: ["*"]. The list has at most 1000 entries.
func (p *Policy) Warnings() []*Problem { return slices.Clone(p.warnings) }

// Generation names the content that the policy was made of: for a policy of package
// policyfile it is the SHA-256 of its files, in hex. It is empty unless
// [Policy.WithGeneration] has set it.
func (p *Policy) Generation() string { return p.generation }

// WithGeneration returns the same policy with this [Policy.Generation].
func (p *Policy) WithGeneration(name string) *Policy {
	named := *p
	named.generation = name
	return &named
}

// Services returns the names of the services, sorted.
func (p *Policy) Services() []string { return slices.Sorted(maps.Keys(p.matrix.Services)) }

// rule returns the rule for one method of a service, nil if nobody may call it;
// "*" means all methods that the matrix does not name. Callers are those of the service.
// A rollout that still lasts makes a rule without entries for the methods that it names,
// and for those of a service without allow.
func (p *Policy) rule(name, method string, callers *callers) *Rule {
	service := p.matrix.Services[name]
	if slices.Contains(service.Closed, method) {
		return nil
	}
	r := &Rule{service: name, audiences: service.audiences(name), sole: service.SoleAudience, callers: callers}
	for _, issuer := range p.issuersOf(service) {
		r.issuers = append(r.issuers, issuer.terms(service))
	}
	if service.Self {
		r.self = p.matrix.party(name)
	}
	for i, allow := range service.Allow {
		if slices.Contains(allow.Methods, method) || slices.Contains(allow.Methods, "*") {
			allow.Purpose = allow.ownedBy(service.Owner)
			r.demands = append(r.demands, p.demand(p.entry(name, i), allow).at(p.entryPlace(name, i)).of(p.matrix, service, allow))
			r.optional = r.optional || allow.Optional
		}
	}
	for _, o := range service.Rollout {
		if len(o.Methods) == 0 || slices.Contains(o.Methods, method) {
			r.rollouts = append(r.rollouts, rollout{o.Mode, o.Until, p.matrix.parties(o.Clients)})
		}
	}
	observed := func(o Rollout) bool {
		return time.Now().Round(0).Before(o.Until) && (slices.Contains(o.Methods, method) || len(o.Methods) == 0 && len(service.Allow) == 0)
	}
	if len(r.demands) == 0 && !slices.ContainsFunc(service.Rollout, observed) {
		return nil
	}
	r.online = r.asksOnline()
	return r
}

// entry returns the place of alternative i of a service.
func (p *Policy) entry(service string, i int) string {
	if options, ok := p.declared[service]; ok {
		return options[i].Place
	}
	return fmt.Sprintf("services.%s.allow[%d]", service, i)
}

// entryPlace returns where alternative i of a service stands in a file; empty if that is
// not known.
func (p *Policy) entryPlace(service string, i int) string {
	if _, ok := p.declared[service]; ok {
		return "" // its name is the place
	}
	return p.Place("services", service, "allow", strconv.Itoa(i))
}

// at returns d with its place in a file.
func (d demand) at(place string) demand {
	d.place = place
	return d
}

func (p *Policy) demand(entry string, allow Allow) demand {
	d := demand{
		entry: entry, purpose: allow.Purpose, clients: p.matrix.parties(allow.Clients), who: "any", kind: allow.Callers,
		scopes: allow.Scopes, anyScopes: allow.AnyScopes, roles: allow.Roles,
		acr: allow.ACR, maxAuthAge: allow.MaxAuthAge, online: allow.Online, answerAge: allow.OnlineMaxAge,
	}
	if d.kind == UsersOnly {
		d.accounts = p.clients
	}
	if d.clients != nil {
		var ids []string
		for party := range d.clients {
			ids = append(ids, party.id)
		}
		slices.Sort(ids)
		d.who = quote.List(ids...)
	}
	for _, name := range slices.Sorted(maps.Keys(allow.Claims)) {
		d.claims = append(d.claims, claimDemand{name, allow.Claims[name]})
	}
	return d
}

// of narrows d, which is made of an entry of a service, to the issuers that the entry is
// about.
func (d demand) of(m Matrix, service Service, a Allow) demand {
	var about []string
	issuers := m.issuersOf(service)
	for _, i := range issuers {
		if m.Concerns(service, a, i) {
			about = append(about, i.URL)
		}
	}
	if len(about) < len(issuers) {
		d.issuers, d.who = about, "any of "+quote.List(about...)
	}
	return d
}

// terms returns what a service requires of the tokens of i.
func (i Issuer) terms(service Service) terms {
	p := i.Provider()
	t := terms{
		issuer: i.URL, preset: p.Preset, place: i.Place, leeway: cmp.Or(i.Leeway, DefaultLeeway), maxLifetime: i.LongestLifetime(),
		maxAge: i.MaxAge, bound: i.RequireBound, roleScope: p.Request.RoleScope,
	}
	if p.Token.NoAudience {
		t.scopePrefix, t.audienceRoles = service.InsecureNoAudience, service.InsecureNoAudienceRoles
	}
	return t
}
