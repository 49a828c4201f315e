package keycloak

import (
	"maps"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/audience/access"
)

// callee is a service of the matrix or an API of others, for which clients request tokens.
type callee struct {
	name         string
	audience     string
	entries      []access.Allow // with the clients and the scopes of each
	protoDemands []access.Allow // of .proto files; they admit nobody by themselves
}

// addCallees adds the callees that accept tokens of the issuer, each with the client that
// its audience is.
func (e *exporter) addCallees() {
	for _, name := range slices.Sorted(maps.Keys(e.matrix.Services)) {
		s := e.matrix.Services[name]
		if slices.Contains(s.Issuers, e.issuer) {
			others := func(a access.Allow) bool { return !e.matrix.Concerns(s, a, e.matrix.Issuers[e.issuer]) }
			c := callee{name, s.Audiences[0], slices.DeleteFunc(slices.Clone(s.Allow), others), e.protoDemands(s)}
			if len(s.Audiences) > 1 {
				e.note("further audiences of service %q: clients ask for the first, %q", name, s.Audiences[0])
			}
			e.noteLimits(c)
			e.addCallee(c)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.matrix.External)) {
		x := e.matrix.External[name]
		if x.Issuer == "" || x.Issuer == e.issuer {
			e.addCallee(callee{name: name, audience: x.Audience, entries: []access.Allow{{Clients: x.Clients, Scopes: x.Scopes}}})
		}
	}
}

func (e *exporter) addCallee(c callee) {
	stands := e.audienceScope(c.audience)
	switch {
	case strings.ContainsAny(c.audience, " \t\r\n"):
		e.note("audience %q of %q: with spaces it cannot be part of a scope", c.audience, c.name)
		return
	case slices.Contains(everyClients, stands):
		e.note("audience %q of %q: the client scope %q is one that every client has; have clients ask by another, with ask: {scope: …}", c.audience, c.name, stands)
		return
	}
	e.callees = append(e.callees, c)
	e.clients[c.audience] = &Client{
		ID: c.audience, Description: "The audience of " + c.name, Enabled: true, Protocol: openID,
		Attributes: map[string]string{}, Default: []string{}, Optional: []string{},
	}
	e.scopes[stands] = scope(stands, "Tokens for "+c.name, false,
		mapper("audience", mapsAudience, audienceClient, c.audience))
}

// audienceScope returns the scope that clients request to get an audience.
func (e *exporter) audienceScope(aud string) string {
	return strings.ReplaceAll(e.template, "{audience}", aud)
}

// protoDemands are the demands of .proto files on the methods of s. They also hold for clients
// that they do not name.
func (e *exporter) protoDemands(s access.Service) []access.Allow {
	var all []access.Allow
	for _, o := range e.policy.AddedDemands() {
		if slices.Contains(s.GRPC, o.GRPC) {
			o.Demands.AnyClient = len(o.Demands.Clients) == 0
			all = append(all, o.Demands)
		}
	}
	return all
}

// demands returns the entries and the demands of .proto files.
func (c callee) demands() []access.Allow { return slices.Concat(c.entries, c.protoDemands) }

// noteLimits notes what of the demands a realm cannot express.
func (e *exporter) noteLimits(c callee) {
	for _, allow := range c.demands() {
		for _, claim := range slices.Sorted(maps.Keys(allow.Claims)) {
			e.note("claim %q, which service %q demands: give a default client scope a mapper for it", claim, c.name)
		}
		for _, role := range allow.Roles {
			client, _, ofClient := strings.Cut(role, "/")
			if ofClient {
				e.note("role %q, which service %q demands: create it at client %q, and map it into access tokens", role, c.name, client)
				continue
			}
			e.roles[role] = true
			e.note("who has the role %q, which service %q demands: assign it to users and to service accounts", role, c.name)
		}
	}
}

// permissions are the scopes that an entry demands.
func permissions(a access.Allow) []string { return slices.Concat(a.Scopes, a.AnyScopes) }

// permissions are those of them that have a client scope.
func (e *exporter) permissions(a access.Allow) []string {
	return slices.DeleteFunc(permissions(a), e.reserved)
}

// addOptional records the scopes that each client requests: those that stand for audiences,
// and those that its calls need.
func (e *exporter) addOptional() {
	for _, c := range e.callees {
		let := map[string]bool{}
		for _, entry := range c.entries {
			clients := slices.Values(entry.Clients)
			if entry.AnyClient {
				clients = maps.Keys(e.matrix.Clients)
			}
			for name := range clients {
				let[name] = true
				e.optional[name] = append(append(e.optional[name], e.audienceScope(c.audience)), e.permissions(entry)...)
			}
		}
		for _, entry := range c.protoDemands {
			for name := range let {
				if entry.AnyClient || slices.Contains(entry.Clients, name) {
					e.optional[name] = append(e.optional[name], e.permissions(entry)...)
				}
			}
		}
	}
}
