package tokensource

import (
	"fmt"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// read returns what a token endpoint answered to a request with g (RFC 6749,
// section 5.1).
func read(tok *oauth2.Token, g Grant, client string, secrets ...string) (answer, error) {
	leave := g == leaving && tok.TokenType == noTokenType // a grant that no resource takes
	if !leave && !strings.EqualFold(tok.TokenType, "bearer") {
		return answer{}, fmt.Errorf("%w: token_type: got %s, want bearer", ErrUnavailable, quote(tok.TokenType, secrets...))
	}
	if err := g.checkIssued(tok, secrets...); err != nil {
		return answer{}, err
	}
	a := answer{text: tok.AccessToken, expiry: tok.Expiry, client: client}
	if tok.Extra("expires_in") != nil && tok.Expiry.IsZero() {
		a.expiry = time.Now() // expires_in is 0, which x/oauth2 takes for none
	}
	return a, nil
}
