package tokensource

import (
	"fmt"
	"net/url"

	"golang.org/x/oauth2"
)

// The names of RFC 7523, section 2.1, and RFC 8693, sections 2.1, 2.2.1 and 3.
const (
	grantTypeJWTBearer   = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	grantTypeExchange    = "urn:ietf:params:oauth:grant-type:token-exchange"
	tokenTypeAccessToken = "urn:ietf:params:oauth:token-type:access_token"
	tokenTypeJWT         = "urn:ietf:params:oauth:token-type:jwt"
	tokenTypeNone        = "N_A"
)

// Grant is how the token of a subject is exchanged for another one.
type Grant int

// The zero Grant is none.
const (
	// TokenExchange is the token exchange of RFC 8693. It is the default.
	TokenExchange Grant = iota + 1
	// JWTBearer presents the subject's token as an assertion (RFC 7523, section
	// 2.1). It cannot carry an actor.
	JWTBearer
	// EntraOnBehalfOf is JWTBearer with the parameter requested_token_use, as Entra
	// ID requires.
	EntraOnBehalfOf

	// exchangeForAssertion is the exchange for a JWT that is itself an assertion
	// for another authorization server, and no bearer token.
	exchangeForAssertion
)

// SubjectGrant sets the grant for requests with a Subject. The default is the grant
// of the [Preset], else [TokenExchange].
func SubjectGrant(g Grant) OAuthOption { return oauthOption(func(o *oauthOptions) { o.grant = g }) }

// set adds the parameters of g to a form; the zero Grant, the client's own, has none.
func (g Grant) set(form url.Values, r Request) {
	switch g {
	case TokenExchange, exchangeForAssertion:
		form.Set("grant_type", grantTypeExchange)
		form.Set("subject_token", r.Subject.Reveal())
		form.Set("subject_token_type", tokenTypeAccessToken)
		form.Set("requested_token_type", tokenTypeAccessToken)
		if g == exchangeForAssertion {
			form.Set("requested_token_type", tokenTypeJWT)
		}
		if !r.Actor.IsZero() {
			form.Set("actor_token", r.Actor.Reveal())
			form.Set("actor_token_type", tokenTypeAccessToken)
		}
	case JWTBearer, EntraOnBehalfOf:
		form.Set("grant_type", grantTypeJWTBearer)
		form.Set("assertion", r.Subject.Reveal())
		if g == EntraOnBehalfOf {
			form.Set("requested_token_use", "on_behalf_of")
		}
	}
}

// check refuses a request that g cannot carry.
func (g Grant) check(r Request) error {
	if bearer := g == JWTBearer || g == EntraOnBehalfOf; bearer && !r.Actor.IsZero() {
		return fmt.Errorf("%w: the grant jwt-bearer has no place for an actor", ErrRefused)
	}
	return nil
}

// checkIssuedType refuses an answer with another type of token than g requests (RFC
// 8693, section 2.2.1).
func (g Grant) checkIssuedType(token *oauth2.Token, secrets ...string) error {
	issued, _ := token.Extra("issued_token_type").(string)
	assertion := g == exchangeForAssertion
	switch {
	case g != TokenExchange && !assertion, issued == tokenTypeJWT, issued == tokenTypeAccessToken && !assertion:
		return nil
	case issued == "":
		return fmt.Errorf("%w: answer lacks issued_token_type", ErrUnavailable)
	case assertion:
		return fmt.Errorf("%w: issued_token_type: got %s, want jwt", ErrUnavailable, quote(issued, secrets...))
	}
	return fmt.Errorf("%w: issued_token_type: got %s, want access_token or jwt", ErrUnavailable, quote(issued, secrets...))
}
