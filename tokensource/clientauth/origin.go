package clientauth

import (
	"github.com/grpcaud/grpcaud/tokensource"
	"github.com/grpcaud/grpcaud/tokensource/internal/authmethod"
)

// Origin says where the configuration of a client stands. It is written into errors, and
// must hold no secret. What is empty is not named.
type Origin = authmethod.Origin

// From returns auth. The errors of [tokensource.New] and of its cache then name where the
// client's secret or key comes from, so that whoever reads them knows what to change.
func From(auth tokensource.ClientAuth, o Origin) tokensource.ClientAuth {
	return authmethod.WithOrigin{Method: auth, Origin: o}
}
