package verifier

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/claims"
)

// Changes counts the replacements of the issuers and the changes of their keys: a set
// that is the first, that lacks a key of the earlier one, or that confirms it. While the
// count stays the same, no JWT needs a [Verifier.Recheck]. It is cheap, and safe for
// concurrent use.
func (v *Verifier) Changes() uint64 { return v.options.changes.Load() }

// Recheck checks whether the token of a running stream is still genuine. c are the claims
// that the token had. Recheck returns the claims that hold now, which are c or those of a
// new answer about an opaque token, and the time of the next check at the latest. For a
// JWT that time is far away: [Verifier.Changes] says when to check it again.
//
// Its error is the [audience.Refusal] that a call with the token gets, or ctx's
// error if that ended first. A JWT whose key left the issuer's set is refused
// only when two fetches, at least one cool-down apart, lacked the key; the
// verifier makes the second one by itself. If the issuer cannot be reached, Recheck
// returns c: an outage ends no stream. The exception is an opaque token whose last answer
// expired more than 60 seconds ago, or is no longer cached: it is refused with
// [audience.CauseIntrospectionUnavailable].
func (v *Verifier) Recheck(ctx context.Context, raw string, c *claims.Claims, now time.Time) (claims *claims.Claims, next time.Time, err error) {
	s := v.current.Load()
	if s.opaque != nil && strings.Count(raw, ".") != 2 {
		return s.opaque.introspect.recheck(ctx, raw, now)
	}
	token, err := parse(raw)
	if err != nil {
		return nil, time.Time{}, err
	}
	i := s.issuerOf(token.payload)
	switch {
	case i == nil:
		return nil, time.Time{}, s.unknownIssuer(token.payload)
	case i.introspect != nil:
		return i.introspect.recheck(ctx, raw, now)
	}
	if err := i.accepts(token); err != nil {
		return nil, time.Time{}, err
	}
	claims, err = i.recheck(ctx, token, c)
	if err != nil {
		return nil, time.Time{}, err
	}
	return claims, forever, nil
}

// recheck verifies a token that had the claims c. Its key may have left the set
// meanwhile.
func (i *issuer) recheck(ctx context.Context, token *compact, c *claims.Claims) (*claims.Claims, error) {
	keys := i.keys.load()
	if keys == nil {
		i.keys.request()
		return c, nil
	}
	switch found := i.check(ctx, token, keys); {
	case found.err == nil && i.reread:
		return found.claims, nil
	case found.err == nil:
		return c, nil
	case !errors.Is(found.err, audience.CauseSignatureInvalid):
		return nil, found.err
	case !i.keys.isDropped(token):
		return c, nil
	case !keys.has(token.kid):
		return nil, i.unknownKey(token)
	default:
		return nil, found.err
	}
}

// isDropped reports whether the key that signed a token, which is not in the present
// set, is confirmed as dropped. If it is not confirmed, isDropped schedules the fetch
// that can confirm it.
func (k *keySet) isDropped(token *compact) bool {
	if lost := k.droppedKeyOf(token); lost != nil {
		return lost.confirmed
	}
	if k.fetch == nil {
		return true // static keys never change
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if s := k.current.Load(); s.began.Sub(k.lost.first) >= k.cooldown {
		return true // a key that was in no set
	}
	k.lost.doubted = true
	k.hastenLocked(k.lost.first.Add(k.cooldown))
	return false
}

// signedBy reports whether k signed c.
func (c *compact) signedBy(k *key) bool {
	jws, err := parseSigned(c.raw, c.alg)
	if err != nil {
		return false
	}
	_, err = k.verify(jws, c.alg)
	return err == nil
}
