package main

import (
	"maps"
	"slices"

	"github.com/grpcaud/grpcaud/audience/access"
)

// widened returns a policy under which each client may ask for tokens for each
// service that accepts those of its issuer, to find out what issuers give
// whatever the matrix says. What clients ask for that the matrix lets call stays
// as it is. No server enforces it.
func widened(policy *access.Policy) (*access.Policy, error) {
	m := policy.Matrix()
	for _, client := range slices.Sorted(maps.Keys(m.Clients)) {
		issuer := m.Clients[client].Issuer
		for name, s := range m.Services {
			if slices.Contains(s.Issuers, issuer) && !lets(policy, client, name) {
				s.Allow = append(s.Allow, entrance(s, client))
				m.Services[name] = s
			}
		}
		for name, e := range m.External {
			if (e.Issuer == "" || e.Issuer == issuer) && !slices.Contains(e.Clients, client) {
				e.Clients = append(e.Clients, client)
				m.External[name] = e
			}
		}
	}
	return access.New(m, policy.AddedDemands()...)
}

// lets reports whether the matrix lets a client call a service.
func lets(policy *access.Policy, client, service string) bool {
	_, err := policy.Target(client, service)
	return err == nil
}

// entrance is an entry that lets a client ask for a token. Where scopes stand for
// the audience, it asks for those of the first entry.
func entrance(s access.Service, client string) access.Allow {
	a := access.Allow{Clients: []string{client}, Methods: []string{everyMethod}, NoScopes: true}
	if s.InsecureNoAudience != "" && len(s.Allow) > 0 {
		a.NoScopes, a.Scopes = false, s.Allow[0].Scopes
	}
	return a
}
