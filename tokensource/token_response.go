package tokensource

import (
	"time"

	"golang.org/x/oauth2"
)

// readToken returns the token that a token endpoint gave to a request with g (RFC
// 6749, section 5.1). Its type is Bearer or one of types.
func readToken(token *oauth2.Token, g Grant, types []string, client string, secrets ...string) (fetchedToken, error) {
	if err := checkTokenType(token.TokenType, g, types, secrets...); err != nil {
		return fetchedToken{}, err
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
