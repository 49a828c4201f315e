package tokensource

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

const (
	maxToken    = 16 << 10
	maxLife     = 24 * time.Hour
	minLife     = time.Second
	unknownLife = 5 * time.Minute
)

// b64token is the syntax of a bearer token (RFC 6750, section 2.1).
var b64token = regexp.MustCompile(`^[A-Za-z0-9._~+/-]+=*$`)

// accept checks the answer to r and returns the token with its times.
func accept(tok *oauth2.Token, r Request, client string, secrets ...string) (kept[Token], error) {
	text := tok.AccessToken
	switch {
	case !strings.EqualFold(tok.TokenType, "bearer"):
		return kept[Token]{}, fmt.Errorf("%w: token_type: got %s, want bearer", ErrUnavailable, quote(tok.TokenType, secrets...))
	case len(text) > maxToken:
		return kept[Token]{}, fmt.Errorf("%w: token of %d bytes, want at most %d", ErrUnavailable, len(text), maxToken)
	case !b64token.MatchString(text):
		return kept[Token]{}, fmt.Errorf("%w: token has characters that a bearer token must not have", ErrUnavailable)
	}
	if !r.Subject.IsZero() {
		if err := checkIssued(tok, secrets...); err != nil {
			return kept[Token]{}, err
		}
	}
	claims, isJWT := peek(text)
	if isJWT && !slices.Contains(claims.audience, r.Audience) {
		return kept[Token]{}, &MismatchError{Want: r.Audience, Got: claims.audience, Hint: hint(r.Audience, claims.audience, client)}
	}
	now := time.Now().Round(0)
	expiry, err := expire(now, tok, claims.expiry)
	if err != nil {
		return kept[Token]{}, err
	}
	return keep(now, text, expiry, r.Subject.Expiry()), nil
}

// expire returns the end of tok: the earlier of expires_in and the JWT's exp, at
// most 24 h from now, and 5 min from now if there is neither. A token that has
// less than a second to live is refused, so that nobody fetches in a circle.
func expire(now time.Time, tok *oauth2.Token, exp time.Time) (time.Time, error) {
	end := now.Add(maxLife)
	if tok.Extra("expires_in") != nil {
		end = earlier(end, tok.Expiry.Round(0)) // zero, and so long past, for expires_in 0
	} else if exp.IsZero() {
		end = now.Add(unknownLife)
	}
	if !exp.IsZero() {
		end = earlier(end, exp)
	}
	if end.Before(now.Add(minLife)) {
		return end, fmt.Errorf("%w: token expires on arrival (expires_in, exp, or a clock is wrong)", ErrUnavailable)
	}
	return end, nil
}

// keep sets the times of a token: it is good until 30 s before its end, or a
// quarter of its life if that is less, and the next one is fetched when 20 % of
// its life is left, at least 60 s, at most half of it, the last fifth of that time
// being left to chance. The 30 s also cover the time that the answer took.
//
// No exchange gives a token beyond the subject's end. Whatever reaches it is kept
// until then, since to ask again would bring nothing later.
func keep(now time.Time, text string, expiry, subject time.Time) kept[Token] {
	if !subject.IsZero() && !expiry.Before(subject.Add(-2*time.Second)) {
		expiry = earlier(expiry, subject)
		return kept[Token]{NewToken(text, expiry), expiry, expiry}
	}
	life := expiry.Sub(now)
	left := min(max(life/5, time.Minute), life/2)
	left -= time.Duration(rand.Int64N(int64(left) / 5))
	next := expiry.Add(-left)
	if soonest := now.Add(time.Second); next.Before(soonest) {
		next = soonest
	}
	return kept[Token]{NewToken(text, expiry), expiry.Add(-min(30*time.Second, life/4)), next}
}
