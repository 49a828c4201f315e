package access

import (
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/internal/remedy"
)

// callers are the clients that the entries of a service are for, so that no remedy tells
// an operator to give another client a token for it.
type callers struct {
	place string          // of the entries
	named map[party]bool  // the clients that entries name
	open  map[string]bool // the issuers of which an entry admits any client
}

// callers returns the callers of the service of that name.
func (p *Policy) callers(name string) *callers {
	service := p.matrix.Services[name]
	all := &callers{
		place: remedy.EntriesPlace(p.Place, "services", name, "allow"),
		named: map[party]bool{}, open: map[string]bool{},
	}
	for _, allow := range service.Allow {
		for _, client := range allow.Clients {
			all.named[p.matrix.party(client)] = true
		}
		for _, i := range p.matrix.issuersOf(service) {
			if len(allow.Clients) == 0 && p.matrix.Concerns(service, allow, i) {
				all.open[i.URL] = true
			}
		}
	}
	if service.Self {
		all.named[p.matrix.party(name)] = true
	}
	return all
}

// exclude reports whether the token names a client, and no entry is for it.
func (all *callers) exclude(c *claims.Claims) bool {
	return all != nil && c.Client() != "" && !all.open[c.Issuer()] && !all.named[party{c.Issuer(), c.Client()}]
}
