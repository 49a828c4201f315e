package keycloak

import (
	"slices"

	"github.com/grpcaud/grpcaud/audience/access"
)

// ByTheRealm returns the policy that a matrix would be if its services checked the audience
// of tokens alone, and the realm had these differences: clients call where they get tokens,
// and nowhere else. It returns policy if there is no such matrix.
func ByTheRealm(policy *access.Policy, found []Finding) *access.Policy {
	m := policy.Matrix()
	m.Never = nil                // the ways are told, also those that must never be
	names := map[string]string{} // the clients by their ids
	for name, c := range m.Clients {
		names[c.ID] = name
	}
	for _, f := range found {
		client, known := names[f.Client]
		for name, s := range m.Services {
			if known && f.Audience != "" && slices.Contains(s.Audiences, f.Audience) {
				m.Services[name] = changed(s, client, f.Kind)
			}
		}
	}
	if changed, err := access.New(m, policy.GivenOptions()...); err == nil {
		return changed
	}
	return policy
}

// changed returns a service that a client may call, or may not call any more.
func changed(s access.Service, client, kind string) access.Service {
	if kind == Grants {
		s.Allow = append(s.Allow, access.Allow{Clients: []string{client}, Methods: []string{"*"}, NoScopes: true})
		return s
	}
	var left []access.Allow
	for _, allow := range s.Allow {
		named := len(allow.Clients) > 0
		allow.Clients = slices.DeleteFunc(slices.Clone(allow.Clients), func(name string) bool { return name == client })
		if !named || len(allow.Clients) > 0 {
			left = append(left, allow)
		}
	}
	s.Allow = left
	return s
}
