package explain

import (
	"net/http"

	"github.com/grpcaud/grpcaud/audience/verifier"
)

// Keys says where the keys come from that verify a token. The zero value means the
// issuer's keys_file, or else the issuer.
type Keys struct {
	Offline   bool              // no issuer is asked
	JWKS      []byte            // the keys of the token's issuer, as a JWK set; nil for none
	Transport http.RoundTripper // for requests to issuers; nil for the default
}

// Verifier returns a verifier of the tokens that the server of a method accepts. Close it.
func (k Keys) Verifier(t *GuardedMethod, token string) (*verifier.Verifier, error) {
	var opts []verifier.Option
	switch {
	case k.Offline:
		opts = append(opts, verifier.Transport(OfflineTransport{}))
	case k.Transport != nil:
		opts = append(opts, verifier.Transport(k.Transport))
	}
	// The verifier refuses a token of an unknown issuer for its issuer.
	if issuer, ok := t.IssuerOf(Decode(token)); ok && k.JWKS != nil {
		opts = append(opts, verifier.StaticKeys(issuer.URL, k.JWKS))
	}
	return verifier.New(t.Guard.Issuers(), opts...)
}
