package learn

import (
	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
)

// Evident says of each known cause whether calls with it are learnt.
func Evident() map[audience.Cause]bool { return evident }

// MaxRows is how many rows the list of what is not learnt keeps.
const MaxRows = maxRows

// Try tries a matrix with one service, order-status, as if one client had called one method
// of it with these scopes.
func Try(policy *access.Policy, client, method string, kind access.CallerKind, scopes ...string) error {
	m := policy.Matrix()
	s := &plannedService{
		name: "order-status", service: m.Services["order-status"],
		rights: []right{{client: client, method: method, kind: kind, scopes: scopes}},
	}
	return (&plan{services: map[string]*plannedService{"order-status": s}}).try(m)
}
