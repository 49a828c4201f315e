package tokenrequest

import (
	"cmp"
	"slices"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/explain"
	"github.com/grpcaud/grpcaud/internal/provider"
	"github.com/grpcaud/grpcaud/internal/remedy"
)

// Situation describes a refusal of the service with this reason. Token is the one that
// was presented; it may be empty.
func (a *Request) Situation(reason audience.Reason, token string) remedy.Situation {
	issuer, decoded := a.Target.Issuer, explain.Decode(token)
	id := decoded.Client(issuer.Provider())
	s := remedy.Situation{
		Names: provider.Names{
			Audience: a.Target.Audience, Client: id, Issuer: issuer.URL, Place: issuer.Place, Service: a.Target.Service,
		},
		Preset: issuer.Provider().Preset, Reason: string(reason), Got: decoded.Audiences(), Want: a.audiences(),
	}
	switch {
	case a.Client != nil && !MayCall(a.Policy, a.ClientName, a.Target.Service):
		s.Client, s.NoEntry = cmp.Or(id, a.ClientName), a.entriesPlace()
	case a.Client == nil && id != "" && !a.mayPresent(decoded, id):
		s.NoEntry = a.entriesPlace()
	}
	return s
}

// audiences returns the audiences that the service accepts.
func (a *Request) audiences() []string {
	if s, ours := a.Policy.Matrix().Services[a.Target.Service]; ours {
		return s.Audiences
	}
	return []string{a.Target.Audience}
}

// entriesPlace returns the place that says who may call the service.
func (a *Request) entriesPlace() string {
	name := a.Target.Service
	if _, external := a.Policy.Matrix().External[name]; external {
		return remedy.EntriesPlace(a.Policy.Place, "external", name, "clients")
	}
	return remedy.EntriesPlace(a.Policy.Place, "services", name, "allow")
}

// mayPresent reports whether the matrix lets the client with this id, which a token
// names, call the service.
func (a *Request) mayPresent(token explain.Decoded, id string) bool {
	m := a.Policy.Matrix()
	iss, _ := token.Claims["iss"].(string)
	from := func(i access.Issuer) bool { return slices.Contains(i.TokenPreset().Issuers(i.URL), iss) }
	for name := range m.Clients {
		client, issuer, err := a.Policy.Client(name)
		if err == nil && client.ID == id && from(issuer) && MayCall(a.Policy, name, a.Target.Service) {
			return true
		}
	}
	s := m.Services[a.Target.Service]
	return slices.ContainsFunc(s.Allow, func(entry access.Allow) bool {
		return entry.AnyClient && slices.ContainsFunc(s.Issuers, func(name string) bool {
			return from(m.Issuers[name]) && m.Concerns(s, entry, m.Issuers[name])
		})
	})
}
