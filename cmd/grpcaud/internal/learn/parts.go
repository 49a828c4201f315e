package learn

import (
	"net/url"
	"strings"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/internal/provider"
)

// issuer returns the issuer of that URL.
func (p *plan) issuer(iss string) *plannedIssuer {
	if i := p.issuers[iss]; i != nil {
		return i
	}
	i := &plannedIssuer{}
	p.issuers[iss] = i
	if p.base != nil {
		i.name, i.issuer, i.bad = p.base.issuer(iss)
		return i
	}
	readings := p.Collector.issuers[iss]
	var reading tokenReading
	for reading = range readings {
	}
	u, err := url.Parse(iss)
	i.issuer = access.Issuer{URL: iss, Preset: reading.preset, InsecureLoopback: err == nil && u.Scheme == "http"}
	switch {
	case len(readings) > 1:
		i.bad = severalPresets
	case reading.preset == "":
		i.bad = notRead
	case reading.preset == provider.CustomPreset:
		i.bad = described
	case reading.introspected:
		i.bad = asked
	case loads(i.issuer, access.Client{}, "service", access.Service{}) != nil:
		i.bad = badIssuer
	default:
		i.name = p.issuerNames.give(issuerName(iss), "issuer")
	}
	return i
}

// service returns the service of that name in the records.
func (p *plan) service(name string, observed *observedService) *plannedService {
	if s := p.services[name]; s != nil {
		return s
	}
	s := &plannedService{name: name, observed: observed, issuers: map[string]bool{}, methods: map[string]map[string]bool{}}
	p.services[name] = s
	if p.base != nil {
		s.service, s.bad = p.base.service(name)
		return s
	}
	issuer := access.Issuer{URL: "https://issuer.example"}
	if !plainService.MatchString(name) {
		s.name = p.serviceNames.give(name, "service")
	}
	p.serviceNames[s.name] = true
	audience := observed.audience(name)
	if audience != s.name {
		s.service.Audiences = []string{audience}
	}
	s.service.GRPC = p.grpcs[name]
	switch {
	case len(s.service.GRPC) == 0:
		s.bad = overHTTP
	case !observed.addressed:
		s.bad = noAudience
	case audience == "":
		s.bad = severalAudiences
	case loads(issuer, access.Client{}, s.name, s.service) != nil:
		s.bad = badService
	}
	return s
}

// client returns the client of a cell.
func (p *plan) client(k cellKey, e *cell) *plannedClient {
	at := party{k.issuer, k.client}
	if c := p.clients[at]; c != nil {
		return c
	}
	i := p.issuers[k.issuer]
	c := &plannedClient{issuer: i.name, fresh: true}
	p.clients[at] = c
	if strings.ContainsFunc(k.client, func(r rune) bool { return r < ' ' || r > '~' }) {
		c.bad = oddClient
		return c
	}
	if err := loads(i.issuer, access.Client{ID: k.client}, "service", access.Service{}); err != nil {
		c.bad = badClient
		return c
	}
	wanted := k.client
	if plainName.MatchString(e.name) {
		wanted = e.name
	}
	if _, service := p.Collector.services[slug(wanted)]; service && slug(wanted) != k.client {
		wanted += "-client" // a service calls others as the client that has its name
	}
	c.name = p.clientNames.give(wanted, "client")
	return c
}

// kindOf returns the kind of the callers of a cell; empty if entries of the service cannot
// tell it.
func (p *plan) kindOf(s *plannedService, k cellKey) access.CallerKind {
	for _, i := range p.issuersOf(s) {
		if !i.TokenPreset().DistinguishesServices() {
			return ""
		}
	}
	switch k.caller {
	case decision.User:
		return access.UsersOnly
	case decision.Service:
		return access.ServicesOnly
	default:
		return ""
	}
}

// issuersOf returns the issuers of a service.
func (p *plan) issuersOf(s *plannedService) []access.Issuer {
	if p.base != nil {
		return p.base.issuersOf(s.service)
	}
	var all []access.Issuer
	for _, i := range p.issuers {
		if s.issuers[i.name] {
			all = append(all, i.issuer)
		}
	}
	return all
}

// loads returns why a matrix with these parts does not load. What a service lacks is
// filled in.
func loads(i access.Issuer, c access.Client, name string, s access.Service) error {
	if len(s.GRPC) == 0 {
		s.GRPC = []string{"a.Service"}
	}
	s.Allow = []access.Allow{{Clients: []string{"client"}, Methods: []string{"Method"}, NoScopes: true}}
	i.Introspection = access.Introspection{}
	_, err := access.New(access.Matrix{
		Issuers: map[string]access.Issuer{"issuer": i}, Services: map[string]access.Service{name: s}, Clients: map[string]access.Client{"client": c},
	})
	return err
}
