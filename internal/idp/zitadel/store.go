package main

import (
	"context"
	"crypto/subtle"
	"errors"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// store is the example's storage with our keys, clients and people.
type store struct {
	*storage.Storage
	keys   *keys
	issued issued
}

func newStore() (*store, error) {
	k, err := newKeys()
	if err != nil {
		return nil, err
	}
	return &store{Storage: storage.NewStorage(people{}), keys: k, issued: issued{tokens: map[string]token{}}}, nil
}

func (s *store) SigningKey(context.Context) (op.SigningKey, error) { return s.keys.newest(), nil }

func (s *store) KeySet(context.Context) ([]op.Key, error) { return s.keys.published(), nil }

func (s *store) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.RS256}, nil
}

func (s *store) GetClientByClientID(_ context.Context, id string) (op.Client, error) {
	if c, ok := clients[id]; ok {
		return c, nil
	}
	return nil, errors.New("unknown client")
}

func (s *store) AuthorizeClientIDSecret(_ context.Context, id, secret string) error {
	if _, ok := clients[id]; !ok || subtle.ConstantTimeCompare([]byte(secret), []byte(id+"-secret")) != 1 {
		return errors.New("unknown client or wrong secret")
	}
	return nil
}

// A client as itself: aud is what it asks for, or else, by the library, the
// client.
func (s *store) ClientCredentials(ctx context.Context, id, secret string) (op.Client, error) {
	if err := s.AuthorizeClientIDSecret(ctx, id, secret); err != nil {
		return nil, err
	}
	return s.GetClientByClientID(ctx, id)
}

func (s *store) ClientCredentialsTokenRequest(_ context.Context, id string, scopes []string) (op.TokenRequest, error) {
	audiences, err := clients[id].request(scopes)
	if err != nil {
		return nil, err
	}
	return &oidc.JWTTokenRequest{Subject: id, Audience: audiences, Scopes: scopes}, nil
}

func (s *store) JWTProfileTokenType(context.Context, op.TokenRequest) (op.AccessTokenType, error) {
	return op.AccessTokenTypeJWT, nil
}

// A person at a client: aud is the client and what it asks for.
type login struct {
	*storage.AuthRequest
	audiences []string
}

func (l login) GetAudience() []string { return append([]string{l.GetClientID()}, l.audiences...) }

func (s *store) CreateAuthRequest(ctx context.Context, r *oidc.AuthRequest, user string) (op.AuthRequest, error) {
	if _, err := clients[r.ClientID].request(r.Scopes); err != nil {
		return nil, err
	}
	return s.Storage.CreateAuthRequest(ctx, r, user)
}

func (s *store) AuthRequestByCode(ctx context.Context, code string) (op.AuthRequest, error) {
	r, err := s.Storage.AuthRequestByCode(ctx, code)
	if err != nil {
		return nil, err
	}
	audiences, err := clients[r.GetClientID()].request(r.GetScopes())
	return login{r.(*storage.AuthRequest), audiences}, err
}

func (s *store) CreateAccessToken(ctx context.Context, r op.TokenRequest) (string, time.Time, error) {
	id, exp, err := s.Storage.CreateAccessToken(ctx, known(r))
	s.issued.add(id, exp, r)
	return id, exp, err
}

func (s *store) CreateAccessAndRefreshTokens(ctx context.Context, r op.TokenRequest, current string) (string, string, time.Time, error) {
	id, refresh, exp, err := s.Storage.CreateAccessAndRefreshTokens(ctx, known(r), current)
	s.issued.add(id, exp, r)
	return id, refresh, exp, err
}

// known returns the request in the type that the example knows.
func known(r op.TokenRequest) op.TokenRequest {
	if l, ok := r.(login); ok {
		return l.AuthRequest
	}
	return r
}

// GetPrivateClaimsFromScopes adds what the library leaves out: scope.
func (s *store) GetPrivateClaimsFromScopes(_ context.Context, _, id string, scopes []string) (map[string]any, error) {
	return permissions(id, scopes, map[string]any{}), nil
}

func permissions(id string, scopes []string, claims map[string]any) map[string]any {
	if c, ok := clients[id]; ok {
		if granted := c.permissions(scopes); granted != "" {
			claims["scope"] = granted
		}
	}
	return claims
}
