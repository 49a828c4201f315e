package verifier

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/internal/quote"
)

// VerifyLogout returns what a genuine logout token says (OpenID Connect Back-Channel
// Logout 1.0, section 2.6), with the errors of [Verifier.Verify]. Its typ must be one of
// types, as media types are compared. It is left to the caller to judge for whom and for
// when the token is, and that it comes once. An issuer that is asked about its tokens has
// no logout tokens here.
func (v *Verifier) VerifyLogout(ctx context.Context, raw string, types ...string) (*claims.Logout, error) {
	if len(raw) > maxToken {
		return nil, &audience.Refusal{Cause: audience.CauseTokenTooLarge, Got: fmt.Sprintf("%d bytes", len(raw)), Want: fmt.Sprintf("at most %d", maxToken)}
	}
	token, err := parse(raw)
	if err != nil {
		return nil, err
	}
	s := v.current.Load()
	i := s.byIss[token.payload.Issuer()]
	switch {
	case i == nil:
		return nil, s.unknownIssuer(token.payload)
	case i.introspect != nil:
		return nil, &audience.Refusal{Cause: audience.CauseIssuerUnknown, Got: fmt.Sprintf("iss %.128q", i.url), Want: "an issuer whose keys are fetched"}
	case !slices.Contains(i.algorithms, token.alg):
		return nil, i.accepts(token)
	case !slices.ContainsFunc(types, func(t string) bool { return shortType(t) != "" && shortType(t) == shortType(token.typ) }):
		return nil, &audience.Refusal{Cause: audience.CauseTypeNotAllowed, Got: "typ " + quote.List(token.typ), Want: "one of " + quote.List(types...)}
	}
	logout, err := token.payload.Logout()
	if err != nil {
		return nil, err
	}
	token.logout = true
	if err := i.verify(ctx, token).err; err != nil {
		return nil, err
	}
	return logout, nil
}

// shortType returns a media type as it is compared (RFC 7515, section 4.1.9).
func shortType(typ string) string { return strings.TrimPrefix(strings.ToLower(typ), "application/") }
