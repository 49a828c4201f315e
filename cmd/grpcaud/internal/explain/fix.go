package explain

import (
	"cmp"
	"errors"
	"slices"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/internal/provider"
	"github.com/grpcaud/grpcaud/internal/remedy"
)

// fix returns what to change after a refusal: what the server would log, or more where
// the names of the service and the method are needed.
func (t *GuardedMethod) fix(s *Explanation, r *audience.Refusal) string {
	issuer, _ := t.IssuerOf(s.Decoded)
	if errors.Is(r.Err, errOffline) {
		return "leave out --offline, or give the keys of the issuer with --jwks"
	}
	iss, _ := s.Claims["iss"].(string)
	situation := remedy.Situation{
		Names: provider.Names{
			Audience: t.service.Audiences[0], Client: s.Client(issuer.Provider()), Issuer: issuer.URL, Place: issuer.Place,
			Service: t.serviceName, Method: t.Method, Entry: s.Entry,
		},
		Preset: issuer.Provider().Preset, Cause: string(r.Cause), Got: []string{iss}, Closed: t.Guard.Closed(t.Method),
	}
	if r.Cause == audience.CauseNoRule {
		return situation.Remedy()
	}
	for _, known := range t.Guard.Issuers() {
		situation.Want = append(situation.Want, known.URL)
	}
	if r.Cause == audience.CauseIssuerUnknown {
		return cmp.Or(r.Hint, situation.Remedy())
	}
	return r.Hint
}

// Client returns the id of the client that the token of an issuer of this kind names;
// empty if it names none.
func (d Decoded) Client(p provider.Provider) string {
	for _, name := range slices.Concat(p.Token.Clients, []string{"azp", "client_id", "cid", "appid"}) {
		if id, ok := d.Claims[name].(string); ok {
			return id
		}
	}
	return ""
}
