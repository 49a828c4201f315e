package access

import (
	"fmt"
	"maps"
	"slices"

	"github.com/grpcaud/grpcaud/internal/nearest"
	"github.com/grpcaud/grpcaud/internal/quote"
)

// Target is what a client must know to call a service: the issuer of its tokens, the
// audience and the scopes to request, and the hosts that a token may be sent to.
type Target struct {
	// Service is its name in the matrix.
	Service string

	// Issuer is the one at which the client is registered; the service accepts
	// its tokens.
	Issuer Issuer

	// Accepts are the URLs of all issuers whose tokens it accepts.
	Accepts []string

	// Audience is the value that a token must have in aud. If the service accepts
	// several audiences, this is the first.
	Audience string

	// Scopes are all scopes of the entries that admit the client, sorted. If an entry
	// demands roles, and the issuer writes roles only for a scope, that scope is one of
	// them. If Scopes is empty, the client requests no scope.
	Scopes []string

	// Authorities are the hosts that the token may be sent to; empty means the host
	// that is dialled.
	Authorities []string

	// GRPC lists the gRPC services; empty means any.
	GRPC []string
}

// Target returns what the client of that name must know to call a service or an
// external API. It returns an error if a name is unknown, if the matrix does not let
// the client call the service, or if the service accepts no token of the client's
// issuer.
func (p *Policy) Target(client, service string) (Target, error) {
	_, issuer, err := p.Client(client)
	if err != nil {
		return Target{}, err
	}
	if s, ok := p.matrix.Services[service]; ok {
		return p.target(client, issuer, service, s)
	}
	e, ok := p.matrix.External[service]
	switch {
	case !ok:
		return Target{}, fmt.Errorf("access: no service %q in the policy%s", service, p.matrix.serviceHint(service, p.matrix.callees()))
	case !slices.Contains(e.Clients, client):
		return Target{}, notAllowed(client, service)
	}
	return Target{
		Service: service, Issuer: issuer, Accepts: []string{issuer.URL}, Audience: e.audience(service), Scopes: sorted(e.Scopes),
		Authorities: slices.Clone(e.Authorities), GRPC: slices.Clone(e.GRPC),
	}, nil
}

func (p *Policy) target(client string, issuer Issuer, name string, s Service) (Target, error) {
	var scopes []string
	let := false
	for _, allow := range s.Allow {
		open := allow.AnyClient && p.matrix.Concerns(s, allow, issuer)
		if open || slices.Contains(allow.Clients, client) {
			let, scopes = true, append(scopes, allow.Scopes...)
			scopes = append(scopes, issuer.scopeOf(allow.Roles)...)
		}
	}
	for _, o := range p.optionsOf(s) {
		if len(o.Demands.Clients) == 0 || slices.Contains(o.Demands.Clients, client) {
			scopes = append(scopes, o.Demands.Scopes...)
			scopes = append(scopes, issuer.scopeOf(o.Demands.Roles)...)
		}
	}
	var accepts []string
	for _, i := range p.matrix.issuersOf(s) {
		accepts = append(accepts, i.URL)
	}
	switch {
	case !let:
		return Target{}, notAllowed(client, name)
	case !slices.Contains(accepts, issuer.URL):
		return Target{}, fmt.Errorf("access: %q accepts no tokens of %q, at which client %q is registered", name, issuer.URL, client)
	}
	return Target{
		Service: name, Issuer: issuer, Accepts: accepts, Audience: s.audiences(name)[0], Scopes: sorted(scopes),
		Authorities: slices.Clone(s.Authorities), GRPC: slices.Clone(s.GRPC),
	}, nil
}

// scopeOf returns the scope that a client of i must request to have one of these roles
// in its token; nil if it need not.
func (i Issuer) scopeOf(roles []string) []string {
	scope := i.Provider().Request.RoleScope
	if len(roles) == 0 || scope == "" {
		return nil
	}
	return []string{scope}
}

func notAllowed(client, service string) error {
	return fmt.Errorf("access: the matrix does not let %q call %q", client, service)
}

// sorted returns the values in order, without duplicates; nil if there are none.
func sorted(values []string) []string { return slices.Compact(slices.Sorted(slices.Values(values))) }

// Client returns the client of that name, with its id at the issuer, and the issuer
// at which it is registered. An unknown name is an error.
func (p *Policy) Client(name string) (Client, Issuer, error) {
	client, ok := p.matrix.Clients[name]
	if several := p.matrix.tenantClients()[name]; !ok && len(several) > 0 {
		return Client{}, Issuer{}, fmt.Errorf("access: client %q is one client at each tenant: name one of %s", name, quote.List(several...))
	}
	if !ok {
		return Client{}, Issuer{}, fmt.Errorf("access: no client %q in the policy%s", name, nearest.Hint(name, slices.Collect(maps.Keys(p.matrix.Clients))))
	}
	client.ID = p.matrix.party(name).id
	return client, p.issuer(client.Issuer), nil
}

// Public returns the gRPC services that anybody may call without a token, single methods
// such as "grpc.health.v1.Health/Check", and operations such as "order-status/Version".
func (p *Policy) Public() []string { return slices.Clone(p.matrix.Public) }
