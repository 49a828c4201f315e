package verifier

import (
	"context"
	"errors"
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
	return verifyStatement(ctx, v, raw, logoutToken, types, claims.Payload.Logout)
}

// VerifySecurityEvent is [Verifier.VerifyLogout] for a security event token, whose typ is
// secevent+jwt (RFC 8417, section 2.3).
func (v *Verifier) VerifySecurityEvent(ctx context.Context, raw string) (*claims.SecurityEvent, error) {
	return verifyStatement(ctx, v, raw, securityEventToken, []string{"secevent+jwt"}, claims.Payload.SecurityEvent)
}

// verifyStatement returns what read finds in a genuine token of a kind that no service
// accepts for a call.
func verifyStatement[Statement any](ctx context.Context, v *Verifier, raw string, k kind, types []string, read func(claims.Payload) (*Statement, error)) (*Statement, error) {
	if len(raw) > maxToken {
		return nil, &audience.Refusal{Cause: audience.CauseTokenTooLarge, Got: fmt.Sprintf("%d bytes", len(raw)), Want: fmt.Sprintf("at most %d", maxToken)}
	}
	token, err := parse(raw)
	if err != nil {
		return nil, withoutHint(err)
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
	statement, err := read(token.payload)
	if err != nil {
		return nil, err
	}
	token.kind = k
	if err := i.verify(ctx, token).err; err != nil {
		return nil, err
	}
	return statement, nil
}

// withoutHint returns a refusal without its hint, which is about tokens for calls.
func withoutHint(err error) error {
	bad, ok := errors.AsType[*audience.Refusal](err)
	if !ok {
		return err
	}
	plain := *bad
	plain.Hint = ""
	return &plain
}

// shortType returns a media type as it is compared (RFC 7515, section 4.1.9).
func shortType(typ string) string { return strings.TrimPrefix(strings.ToLower(typ), "application/") }
