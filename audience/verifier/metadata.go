package verifier

import (
	"context"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/internal/metadata"
)

// rediscover is how long the metadata of an issuer is used before it is read again.
const rediscover = metadata.Lifetime

// discovered is the metadata of one issuer.
type discovered struct{ *metadata.Document }

// discover reads the metadata of an issuer, from the address that the
// configuration gives or from its well-known ones.
func discover(ctx context.Context, w *web, issuer access.Issuer) (discovered, error) {
	document, err := metadata.Read(ctx, w.client, issuer.URL, issuer.Discovery)
	return discovered{document}, err
}

// endpoint returns the address that the metadata gives by this name.
func (d discovered) endpoint(name string) (string, error) { return d.Endpoint(name) }
