package matrixissuer

import (
	"maps"
	"slices"

	"github.com/grpcaud/grpcaud/audience/access"
)

// rights are what the rules of a service let one client have.
type rights struct {
	scopes  []string   // that it may be granted
	choices [][]string // of each, one is granted unrequested, since one of several is demanded

	// roles and claims are in the tokens of the client as itself. A user has roles and
	// claims of its own.
	roles  []string
	claims map[string]string
}

// rightsOf returns what the entries for a client, and the .proto files, let it have at a
// service; false if no entry is for it.
func (s *state) rightsOf(client, service string) (rights, bool) {
	if _, err := s.policy.Target(client, service); err != nil {
		return rights{}, false
	}
	r, m := rights{claims: map[string]string{}}, s.matrix
	entry := m.Services[service]
	for _, allow := range entry.Allow {
		open := allow.AnyClient && m.Concerns(entry, allow, m.Issuers[m.Clients[client].Issuer])
		if open || slices.Contains(allow.Clients, client) {
			r.add(allow)
		}
	}
	for _, o := range s.policy.AddedDemands() {
		if slices.Contains(entry.GRPC, o.GRPC) && (len(o.Demands.Clients) == 0 || slices.Contains(o.Demands.Clients, client)) {
			r.add(o.Demands)
		}
	}
	r.scopes = slices.Compact(slices.Sorted(slices.Values(r.scopes)))
	r.roles = slices.Compact(slices.Sorted(slices.Values(r.roles)))
	return r, true
}

// add adds what one entry demands.
func (r *rights) add(allow access.Allow) {
	r.scopes = slices.Concat(r.scopes, allow.Scopes, allow.AnyScopes)
	if len(allow.AnyScopes) > 0 {
		r.choices = append(r.choices, allow.AnyScopes)
	}
	if allow.Callers == access.UsersOnly {
		return
	}
	r.roles = append(r.roles, allow.Roles...)
	for _, claim := range slices.Sorted(maps.Keys(allow.Claims)) {
		r.claims[claim] = allow.Claims[claim][0]
	}
}
