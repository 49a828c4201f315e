package tokensource

import (
	"fmt"
	"net/url"

	"golang.org/x/oauth2"
)

// The names of RFC 8693, sections 2.1, 2.2.1 and 3.
const (
	grantExchange   = "urn:ietf:params:oauth:grant-type:token-exchange"
	typeAccessToken = "urn:ietf:params:oauth:token-type:access_token"
	typeJWT         = "urn:ietf:params:oauth:token-type:jwt"
	noTokenType     = "N_A"
)

// Grant is how a source turns the token of a subject into another one.
type Grant int

// The zero Grant is none.
const (
	// TokenExchange is RFC 8693, the default.
	TokenExchange Grant = iota + 1
	// JWTBearer shows the subject's token as an assertion (RFC 7523, section 2.1).
	// It has no place for an actor.
	JWTBearer
	// OnBehalfOf is JWTBearer as Entra ID wants it, with requested_token_use.
	EntraOnBehalfOf

	// leaving is the exchange for a token that is itself a grant, at another
	// server: it is for that server and no bearer token.
	leaving
)

// SubjectGrant sets what the source does with a Subject. The default is that of the
// [Preset], or [TokenExchange].
func SubjectGrant(g Grant) Option { return option(func(o *options) { o.server.grant = g }) }

// put makes form the request of g for r; the zero Grant is the client's own.
func (g Grant) put(form url.Values, r Request) {
	switch g {
	case TokenExchange, leaving:
		form.Set("grant_type", grantExchange)
		form.Set("subject_token", r.Subject.Reveal())
		form.Set("subject_token_type", typeAccessToken)
		form.Set("requested_token_type", typeAccessToken)
		if g == leaving {
			form.Set("requested_token_type", typeJWT)
		}
		if !r.Actor.IsZero() {
			form.Set("actor_token", r.Actor.Reveal())
			form.Set("actor_token_type", typeAccessToken)
		}
	case JWTBearer, EntraOnBehalfOf:
		form.Set("grant_type", grantBearer)
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

// checkIssued refuses an answer of another type than g asks for (RFC 8693, section
// 2.2.1).
func (g Grant) checkIssued(tok *oauth2.Token, secrets ...string) error {
	issued, _ := tok.Extra("issued_token_type").(string)
	switch {
	case g != TokenExchange && g != leaving, issued == typeJWT, issued == typeAccessToken && g != leaving:
		return nil
	case issued == "":
		return fmt.Errorf("%w: answer lacks issued_token_type", ErrUnavailable)
	case g == leaving:
		return fmt.Errorf("%w: issued_token_type: got %s, want jwt", ErrUnavailable, quote(issued, secrets...))
	}
	return fmt.Errorf("%w: issued_token_type: got %s, want access_token or jwt", ErrUnavailable, quote(issued, secrets...))
}
