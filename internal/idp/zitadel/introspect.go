package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// issued remembers the access tokens by id, for introspection.
type issued struct {
	mu     sync.Mutex // guards tokens
	tokens map[string]token
}

type token struct {
	client    string
	audiences []string
	scopes    []string
	exp       time.Time
}

func (i *issued) add(id string, exp time.Time, r op.TokenRequest) {
	client := r.GetSubject()
	if c, ok := r.(interface{ GetClientID() string }); ok {
		client = c.GetClientID()
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.tokens[id] = token{client, r.GetAudience(), r.GetScopes(), exp}
}

// SetIntrospectionFromToken tells about a token (RFC 7662, section 2.2) those
// to whom it is addressed, and the client that holds it.
func (s *store) SetIntrospectionFromToken(_ context.Context, answer *oidc.IntrospectionResponse, id, subject, caller string) error {
	s.issued.mu.Lock()
	t, ok := s.issued.tokens[id]
	s.issued.mu.Unlock()
	if !ok || time.Now().After(t.exp) || t.client != caller && !slices.Contains(t.audiences, caller) {
		return errors.New("not for this caller")
	}
	answer.Subject, answer.ClientID, answer.Audience, answer.Scope = subject, t.client, t.audiences, t.scopes
	answer.Expiration, answer.TokenType = oidc.FromTime(t.exp), oidc.BearerToken
	return nil
}
