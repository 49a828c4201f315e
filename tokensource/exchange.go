package tokensource

import (
	"fmt"
	"net/url"

	"golang.org/x/oauth2"
)

// The names of RFC 8693, sections 2.1 and 3.
const (
	grantExchange   = "urn:ietf:params:oauth:grant-type:token-exchange"
	typeAccessToken = "urn:ietf:params:oauth:token-type:access_token"
	typeJWT         = "urn:ietf:params:oauth:token-type:jwt"
)

// exchange turns form into the exchange of subject (RFC 8693, section 2.1).
func exchange(form url.Values, subject Token) {
	form.Set("grant_type", grantExchange)
	form.Set("subject_token", subject.Reveal())
	form.Set("subject_token_type", typeAccessToken)
	form.Set("requested_token_type", typeAccessToken)
}

// checkIssued refuses what is not an access token (RFC 8693, section 2.2.1).
func checkIssued(tok *oauth2.Token, secrets ...string) error {
	switch issued, _ := tok.Extra("issued_token_type").(string); issued {
	case typeAccessToken, typeJWT:
		return nil
	case "":
		return fmt.Errorf("%w: answer lacks issued_token_type", ErrUnavailable)
	default:
		return fmt.Errorf("%w: issued_token_type: got %s, want access_token or jwt", ErrUnavailable, quote(issued, secrets...))
	}
}
