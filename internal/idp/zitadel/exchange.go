package main

import (
	"context"
	"slices"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// Token exchange (RFC 8693): a client exchanges what is addressed to it for a
// token for audiences it may ask for.

func (s *store) ValidateTokenExchangeRequest(_ context.Context, r op.TokenExchangeRequest) error {
	if r.GetRequestedTokenType() == "" {
		r.SetRequestedTokenType(oidc.AccessTokenType)
	}
	aud, _ := r.GetExchangeSubjectTokenClaims()["aud"].([]any)
	if !slices.Contains(aud, any(r.GetClientID())) {
		return oidc.ErrInvalidGrant().WithDescription("subject_token is for %q, not for %s", aud, r.GetClientID())
	}
	if len(r.GetAudience()) == 0 {
		return oidc.ErrInvalidRequest().WithDescription("audience is missing")
	}
	return clients[r.GetClientID()].check(r.GetAudience())
}

func (s *store) CreateTokenExchangeRequest(context.Context, op.TokenExchangeRequest) error {
	return nil
}

// GetPrivateClaimsFromTokenExchangeRequest names the actors so far (RFC 8693,
// section 4.1).
func (s *store) GetPrivateClaimsFromTokenExchangeRequest(_ context.Context, r op.TokenExchangeRequest) (map[string]any, error) {
	act := map[string]any{"sub": r.GetClientID()}
	if before, ok := r.GetExchangeSubjectTokenClaims()["act"]; ok {
		act["act"] = before
	}
	return permissions(r.GetClientID(), r.GetScopes(), map[string]any{"act": act}), nil
}
