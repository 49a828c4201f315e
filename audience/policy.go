package audience

import (
	"errors"
	"maps"
	"slices"
)

// Policy is a checked access matrix. It is immutable, and safe for concurrent
// use. The only way to one is [New], so that every rule of it names an issuer
// and an audience.
type Policy struct {
	matrix   Matrix
	warnings []*Problem
}

// New checks a matrix. Its error joins one [Problem] for each mistake. The
// policy shares m's maps and slices: do not change them afterwards.
func New(m Matrix) (*Policy, error) {
	c := checker{matrix: m}
	c.check()
	if len(c.problems) > 0 {
		errs := make([]error, len(c.problems))
		for i, p := range c.problems {
			errs[i] = p
		}
		return nil, errors.Join(errs...)
	}
	return &Policy{matrix: m, warnings: c.warnings}, nil
}

// Warnings lists what is allowed but rarely meant: a client that no rule
// names, a service that nobody may call, an issuer's own default as audience.
func (p *Policy) Warnings() []*Problem { return slices.Clone(p.warnings) }

// Services returns the names of the services, sorted.
func (p *Policy) Services() []string { return slices.Sorted(maps.Keys(p.matrix.Services)) }

// rule returns a rule for the service that demands nothing yet.
func (p *Policy) rule(name string, service Service) Rule {
	r := Rule{service: name, audiences: service.Audiences}
	if len(r.audiences) == 0 {
		r.audiences = []string{name}
	}
	for _, issuer := range p.issuersOf(service) {
		r.issuers = append(r.issuers, issuer.URL)
	}
	if service.Self {
		r.self = p.party(name)
	}
	return r
}

// demands lists the alternatives for one method of a service; "*" stands for
// the methods that no entry names.
func (p *Policy) demands(service Service, method string) []demand {
	var demands []demand
	for _, allow := range service.Allow {
		if !slices.Contains(allow.Methods, method) && !slices.Contains(allow.Methods, "*") {
			continue
		}
		d := demand{scopes: allow.Scopes}
		if !allow.AnyClient {
			d.clients = make(map[party]bool, len(allow.Clients))
			for _, name := range allow.Clients {
				d.clients[p.party(name)] = true
			}
		}
		demands = append(demands, d)
	}
	return demands
}

// party returns what tokens call the client of that name.
func (p *Policy) party(name string) party {
	client := p.matrix.Clients[name]
	id := client.ID
	if id == "" {
		id = name
	}
	return party{p.issuer(client.Issuer).URL, id}
}

// issuer returns the issuer of that name; the empty name means the only one.
func (p *Policy) issuer(name string) Issuer {
	if name == "" {
		for only := range p.matrix.Issuers {
			name = only
		}
	}
	return p.matrix.Issuers[name]
}

func (p *Policy) issuersOf(service Service) []Issuer {
	names := service.Issuers
	if len(names) == 0 {
		names = []string{""}
	}
	issuers := make([]Issuer, len(names))
	for i, name := range names {
		issuers[i] = p.issuer(name)
	}
	return issuers
}
