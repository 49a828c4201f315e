package tokensource

import (
	"fmt"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// readToken returns the token that a token endpoint gave to a request with g (RFC
// 6749, section 5.1).
func readToken(token *oauth2.Token, g Grant, client string, secrets ...string) (fetchedToken, error) {
	assertion := g == exchangeForAssertion && token.TokenType == tokenTypeNone
	if !assertion && !strings.EqualFold(token.TokenType, "bearer") {
		return fetchedToken{}, fmt.Errorf("%w: token_type: got %s, want bearer", ErrUnavailable, quote(token.TokenType, secrets...))
	}
	if err := g.checkIssuedType(token, secrets...); err != nil {
		return fetchedToken{}, err
	}
	f := fetchedToken{text: token.AccessToken, expiry: token.Expiry, client: client}
	if token.Extra("expires_in") != nil && token.Expiry.IsZero() {
		f.expiry = time.Now() // expires_in is 0; x/oauth2 reads that as "no expiry"
	}
	return f, nil
}
