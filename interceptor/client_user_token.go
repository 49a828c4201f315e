package interceptor

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/internal/nearest"
	"github.com/grpcaud/grpcaud/internal/usertoken"
	"github.com/grpcaud/grpcaud/tokensource"
)

// userTokens is a front end's source of the tokens of a user. It says what is wrong with
// what the source returns.
type userTokens struct {
	source    oauth2.TokenSource
	tokenType string // which stands for Bearer at the issuer; empty for none
}

// OfUser implements [usertoken.Source].
func (userTokens) OfUser(usertoken.Mark) {}

// withoutRefreshToken is the text with which x/oauth2 says that a token has expired and
// that only a login gives another one. It has no type.
const withoutRefreshToken = "oauth2: token expired and refresh token is not set"

// Token implements [oauth2.TokenSource].
func (s userTokens) Token() (*oauth2.Token, error) {
	t, err := s.source.Token()
	switch {
	case err != nil && strings.Contains(err.Error(), withoutRefreshToken):
		return nil, callerEndedError{fmt.Errorf("%w: it has expired, and there is no refresh token", tokensource.ErrRefused)}
	case err != nil:
		return nil, err
	case t == nil:
		return nil, fmt.Errorf("%w: the source returned no token and no error", tokensource.ErrRefused)
	case t.AccessToken == "":
		return nil, fmt.Errorf("%w: the source returned a token without a text", tokensource.ErrRefused)
	case t.AccessToken == t.Extra("id_token"):
		return nil, fmt.Errorf("%w: the source returned the ID token, which tells the front end who has logged in; it must return the access token", tokensource.ErrRefused)
	case hasEnded(t):
		return nil, callerEndedError{fmt.Errorf("%w: the source returned a token that has expired", tokensource.ErrRefused)}
	case t.TokenType == "", t.TokenType == s.tokenType: // without a type it is Bearer to x/oauth2
		bearer := *t
		bearer.TokenType = "Bearer"
		return &bearer, nil
	}
	return t, nil
}

// hasEnded reports whether a token has less than a second left, by what is stated beside it
// or by its own exp.
func hasEnded(t *oauth2.Token) bool {
	_, payload, _ := verifier.Unverified(t.AccessToken)
	return slices.ContainsFunc([]time.Time{t.Expiry, payload.Expiry()}, func(end time.Time) bool {
		return !end.IsZero() && time.Until(end.Round(0)) < time.Second
	})
}

// errOpaque refuses a token that nobody could read.
var errOpaque = errors.New("it is no JWT, and the matrix has no introspection for its issuer: have the login request an audience, or add introspection if the issuer's tokens are opaque")

// readUserToken returns the claims of a user's token. It refuses a token that the client
// must not use: the issuer did not issue it, or not to this client, or not for a user, or it
// is no access token.
func (p *plan) readUserToken(token string) (*claims.Claims, error) {
	issuer, client := p.settings.issuer, p.settings.client
	typ, payload, err := verifier.Unverified(token)
	if err != nil {
		return nil, err
	}
	preset := issuer.TokenPreset()
	if iss := payload.Issuer(); !slices.Contains(preset.Issuers(issuer.URL), iss) {
		return nil, fmt.Errorf("its iss is %.256q, and the user has logged in at %q", iss, issuer.URL)
	}
	if err := payload.CheckType(preset, typ); err != nil {
		return nil, err
	}
	read, err := payload.Claims(preset)
	switch {
	case err != nil:
		return nil, err
	case read.Client() != client.ID:
		return nil, fmt.Errorf("it was issued to client %.256q, and the user has logged in at client %q, whose id is %q", read.Client(), p.name, client.ID)
	case read.IsService():
		return nil, errors.New("it is of a client that calls as itself, and names no user: to call as the client, use a connection of Dial")
	}
	return read, nil
}

// checkUsers refuses an issuer whose users the client cannot call for.
func (p *plan) checkUsers(issuer string) error {
	var own string // the name of the client's issuer
	for name, url := range p.issuers {
		if url == p.settings.issuer.URL {
			own = name
		}
	}
	switch _, known := p.issuers[issuer]; {
	case !known:
		return fmt.Errorf("no issuer %q in the matrix%s; the client is registered at %q", issuer, nearest.Hint(issuer, slices.Collect(maps.Keys(p.issuers))), own)
	case issuer != own:
		return fmt.Errorf("the client is registered at issuer %q, and not at %q: users of the latter log in at a client of the matrix that is registered there", own, issuer)
	case len(p.callable) == 0:
		return fmt.Errorf("the matrix lets the client call no service with a token of issuer %q: name it in an entry under allow", issuer)
	}
	return nil
}
