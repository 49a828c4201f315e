package learn

import (
	"slices"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
)

// Evident says of each known cause whether calls with it are learnt.
func Evident() map[audience.Cause]bool { return evident }

// MaxRows is how many rows the list of what is not learnt keeps.
const MaxRows = maxRows

// Prove compares the entries of a matrix with one service, order-status, with calls of one client,
// by its id, with these scopes.
func Prove(m access.Matrix, client, method string, kind access.CallerKind, scopes ...string) error {
	r := right{of: party{"https://idp.example.com", client}, method: method, kind: kind, scopes: slices.Clone(scopes)}
	return (&plannedService{name: "order-status", rights: []right{r}}).prove(m)
}

// Differs compares all that is not learnt.
func Differs(want, got access.Matrix) error { return differs(want, got) }
