package admission

import (
	"fmt"
	"maps"
	"slices"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/internal/authority"
)

// Addressee says for which service a proxy asks. At least one of the fields must name a
// guarded service, and they must not name different ones.
type Addressee struct {
	// Service is the name of the service in the matrix, as the proxy is configured;
	// empty if it is not.
	Service string

	// Authority is the host, with or without a port, that the peer called.
	Authority string
}

// misdirected returns why a request is refused before its method is looked up: the method
// does not belong to the service for which the proxy asks. A nil result means that it is
// looked up.
func (r *Request) misdirected(guard *access.Guard) error {
	if r.Addressee == nil {
		return nil
	}
	services, refusal := r.Addressee.services(guard)
	if refusal != nil {
		return refusal
	}
	if owner := guard.Owner(r.Method); r.Unmatched == "" && owner != "" && !slices.Contains(services, owner) {
		return r.Addressee.refuse(services, fmt.Sprintf("the method belongs to service %q", owner), "ask for each route with the service that is behind it")
	}
	return nil
}

// services returns the services for which the proxy may be asking.
func (a *Addressee) services(guard *access.Guard) ([]string, error) {
	hosts := guard.Authorities()
	var byAuthority []string
	for _, name := range slices.Sorted(maps.Keys(hosts)) {
		if authority.List(hosts[name]).Has(a.Authority) {
			byAuthority = append(byAuthority, name)
		}
	}
	_, guarded := hosts[a.Service]
	switch {
	case a.Service == "" && len(byAuthority) == 0:
		return nil, a.refuse(nil, "no service is named", "name it in the proxy's configuration for the route (Envoy: context_extensions: {service: …}), or list the host under authorities of the service")
	case a.Service == "":
		return byAuthority, nil
	case !guarded:
		return nil, a.refuse(nil, "the service is not guarded here", "name one of the guarded services in the proxy's configuration for the route")
	case len(byAuthority) > 0 && !slices.Contains(byAuthority, a.Service):
		return nil, a.refuse(byAuthority, "the host belongs to another service", "let the proxy route each host to the service that has it under authorities")
	}
	return []string{a.Service}, nil
}

func (a *Addressee) refuse(services []string, why, hint string) error {
	return &audience.Refusal{
		Cause: audience.CauseNoRule, Hint: hint,
		Got: fmt.Sprintf("service %q, host %q (of %q): %s", cut(a.Service, maxName), cut(a.Authority, maxName), services, why),
	}
}
