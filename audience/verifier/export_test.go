package verifier

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"

	"github.com/grpcaud/grpcaud/audience/claims"
)

// Parts for the tests of this package.
const (
	MaxAsking    = maxAsking
	MaxReserved  = maxReserved
	MaxInactive  = maxInactive
	MaxLongWaits = maxLongWaits
	MaxSameKid   = maxSameKid
	MaxKids      = maxKids
	MaxSeen      = maxSeen
)

// CheckKeys parses a JWK set, and returns how many keys it holds. It has each
// try every algorithm that it is for: none may accept a signature of zeroes.
func CheckKeys(data []byte) (keys int, err error) {
	set, err := parseKeys(data, signing)
	if err != nil {
		return 0, err
	}
	for _, k := range set.keys {
		if len(k.algs) == 0 {
			return len(set.keys), errors.New("a key without an algorithm")
		}
		for _, alg := range k.algs {
			jws := forged(alg)
			if _, err := k.verify(jws, alg); err == nil {
				return len(set.keys), fmt.Errorf("a key for %s accepts a signature of zeroes", alg)
			}
		}
	}
	return len(set.keys), nil
}

// forged returns a token with a signature of zeroes.
func forged(alg string) *jose.JSONWebSignature {
	header := base64url.EncodeToString(fmt.Appendf(nil, `{"alg":%q}`, alg))
	raw := header + ".e30." + base64url.EncodeToString(make([]byte, 256))
	jws, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
	if err != nil {
		panic(err)
	}
	return jws
}

// SeenKids returns how many kids are remembered that no set had.
func (v *Verifier) SeenKids() (n int) {
	for _, i := range v.current.Load().issuers {
		i.keys.mu.Lock()
		n += len(i.keys.seen)
		i.keys.mu.Unlock()
	}
	return n
}

// Tries returns with how many lost keys a token with this header is tried.
func (v *Verifier) Tries(kid, alg string) (n int) {
	for _, i := range v.current.Load().issuers {
		i.keys.mu.Lock()
		n += len(i.keys.lost.candidates(kid, alg))
		i.keys.mu.Unlock()
	}
	return n
}

// CheckOther verifies a token of an issuer as if another payload than the signed
// one had been read.
func (v *Verifier) CheckOther(ctx context.Context, raw, payload string) error {
	token, err := parse(raw)
	if err != nil {
		return err
	}
	issuer := v.current.Load().byIss[token.payload.Issuer()]
	if token.payload, err = claims.Decode(payload); err != nil {
		return err
	}
	return issuer.check(ctx, token, issuer.keys.load()).err
}

// NewEndpointLookup returns the find of a lookup by read.
func NewEndpointLookup(read func(context.Context) (string, error)) func(context.Context) (string, error) {
	return newEndpointLookup(read).find
}
