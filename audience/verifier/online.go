package verifier

import (
	"context"
	"errors"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/internal/remedy"
)

// Confirm asks the issuer of a genuine token with the claims c whether the token is
// active (RFC 7662). Only an answer to a question that was sent at the time since or later
// counts. Calls with the same token share it, and requests to one issuer are bounded.
// Confirm returns the claims that hold now, which are c for a JWT that was verified with
// keys, and when the question was sent.
//
// Its error is an [audience.Refusal], or ctx's error if that ended first:
// [audience.CauseTokenWithdrawn] for a token that is not active, or an answer about
// another token, and [audience.CauseIntrospectionUnavailable] if there is no answer. No
// older answer is used then.
func (v *Verifier) Confirm(ctx context.Context, raw string, c *claims.Claims, since time.Time) (*claims.Claims, time.Time, error) {
	i := v.current.Load().issuers[c.Issuer()]
	if i == nil || i.online == nil {
		return nil, time.Time{}, unavailable(errors.New("the issuer has no introspection in the policy in force"), firstRetry)
	}
	a, err := i.online.answerSince(ctx, raw, since)
	switch {
	case err != nil:
		return nil, time.Time{}, err
	case errors.Is(a.err, audience.CauseTokenInactive):
		return nil, time.Time{}, &audience.Refusal{Cause: audience.CauseTokenWithdrawn, Hint: i.remedy(remedy.Situation{Cause: string(audience.CauseTokenWithdrawn)})}
	case a.err != nil:
		return nil, time.Time{}, a.err
	case i.introspect == nil:
		return c, a.began, nil
	}
	return a.claims, a.began, nil
}

// answerSince returns the answer to a question that was sent at the time since or later.
// Shortly before the deadline of a call, the answer is that nothing is known. The error is
// ctx's.
func (i *introspector) answerSince(ctx context.Context, raw string, since time.Time) (*answer, error) {
	now, key := time.Now(), i.cache.keyer.key(raw)
	if kept := i.cache.since(key, since, now); kept != nil {
		return kept, nil
	}
	until, cancel := answerable(ctx)
	defer cancel()
	a := i.question(until, key, raw, i.cache.lastActive(key, now) != nil, since)
	return a, ctx.Err()
}

// confirmed reads an answer about a JWT, which was verified before the issuer was asked.
func (i *introspector) confirmed(raw string, body []byte) (*claims.Claims, error) {
	token, err := parse(raw)
	if err != nil {
		return nil, err
	}
	if err := token.payload.Confirm(i.preset, body, i.issuer.URL); err != nil {
		return nil, err
	}
	return token.payload.ClaimsOf(i.preset, i.issuer.URL)
}
