package tokenrequest

import (
	"slices"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/explain"
)

// targetOf returns the target of a call of a service, or of an API of others, with a
// token that is there already. Its issuer is the one of the token, if the service
// accepts that, and otherwise the first that it accepts.
func targetOf(policy *access.Policy, name, token string) access.Target {
	m := policy.Matrix()
	if e, external := m.External[name]; external {
		return access.Target{
			Service: name, Issuer: m.Issuers[e.Issuer], Audience: e.Audience, Authorities: e.Authorities, GRPC: e.GRPC,
		}
	}
	s := m.Services[name]
	t := access.Target{Service: name, Audience: s.Audiences[0], Authorities: s.Authorities, GRPC: s.GRPC}
	iss, _ := explain.Decode(token).Claims["iss"].(string)
	for _, issuer := range s.Issuers {
		t.Accepts = append(t.Accepts, m.Issuers[issuer].URL)
	}
	t.Issuer = m.Issuers[s.Issuers[max(0, slices.Index(t.Accepts, iss))]]
	return t
}
