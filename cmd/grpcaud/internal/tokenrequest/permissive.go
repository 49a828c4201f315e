package tokenrequest

import (
	"maps"
	"slices"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
)

// Permissive returns a policy under which each client may request tokens for each
// service that accepts its issuer, to find out what issuers give beyond the matrix.
// What the matrix allows stays as it is. No server enforces this policy.
func Permissive(policy *access.Policy) (*access.Policy, error) {
	m := policy.Matrix()
	m.Never = nil // which is about what servers enforce
	for _, client := range slices.Sorted(maps.Keys(m.Clients)) {
		issuer := m.Clients[client].Issuer
		for name, s := range m.Services {
			if slices.Contains(s.Issuers, issuer) && !MayCall(policy, client, name) {
				s.Allow = append(s.Allow, requestEntry(s, client))
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
	permissive, err := access.New(m, policy.AddedDemands()...)
	if err != nil {
		return nil, err
	}
	return permissive.WithPlaces(policy.Place), nil
}

// MayCall reports whether the matrix lets a client call a service.
func MayCall(policy *access.Policy, client, service string) bool {
	_, err := policy.Target(client, service)
	return err == nil
}

// requestEntry is an entry that lets a client request a token. If scopes stand for the
// audience, they are those of the first entry.
func requestEntry(s access.Service, client string) access.Allow {
	a := access.Allow{Clients: []string{client}, Methods: []string{descriptor.EveryMethod}, NoScopes: true}
	if len(s.Allow) == 0 {
		return a
	}
	if first := s.Allow[0]; s.InsecureNoAudience != "" && len(first.Scopes) > 0 {
		a.NoScopes, a.Scopes = false, first.Scopes
	} else if len(s.InsecureNoAudienceRoles) > 0 {
		a.Roles = first.Roles
	}
	return a
}
