package clientauth

import (
	"github.com/grpcaud/grpcaud/tokensource"
	"github.com/grpcaud/grpcaud/tokensource/internal/authmethod"
)

// Origin says where a client is configured. It is written into errors, and must hold no
// secret. Empty fields are left out.
type Origin = authmethod.Origin

// From returns auth with an origin. The errors of [tokensource.New] and of its cache then
// say where the client's secret or key comes from, so that the reader knows what to
// change.
func From(auth tokensource.ClientAuth, o Origin) tokensource.ClientAuth {
	return authmethod.WithOrigin{Method: auth, Origin: o}
}
