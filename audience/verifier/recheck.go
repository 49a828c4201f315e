package verifier

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/claims"
)

// Changes counts the key sets that lost a key, that confirmed the loss or that
// are new, and the replacements of the issuers. While it stays the same, no JWT
// needs a [Verifier.Recheck]. It is safe for concurrent use, and cheap.
func (v *Verifier) Changes() uint64 { return v.options.changes.Load() }

// Recheck tells whether a token that was genuine still is, for a stream that
// runs under it. c are the claims that it was found to have. Recheck returns the
// claims that hold now, which are c or those of a new answer about an opaque
// token, and when to ask again at the latest: never in practice for a JWT, about
// which only [Verifier.Changes] tells.
//
// Its error is the [audience.Refusal] that a call with the token gets, or ctx's
// error if that ended first. A JWT whose key left the issuer's set is refused
// only when two fetches, at least one cool-down apart, lacked the key; the
// verifier makes the second one by itself. If nothing can be found out, Recheck
// returns c: an outage ends no stream. The exception is an answer about an opaque
// token that ended more than 60 seconds ago, or is not remembered any more: it is
// refused with [audience.CauseIntrospectionUnavailable].
func (v *Verifier) Recheck(ctx context.Context, raw string, c *claims.Claims, now time.Time) (claims *claims.Claims, next time.Time, err error) {
	s := v.current.Load()
	if s.opaque != nil && strings.Count(raw, ".") != 2 {
		return s.opaque.introspect.recheck(ctx, raw, now)
	}
	token, err := parse(raw)
	if err != nil {
		return nil, time.Time{}, err
	}
	i := s.issuer(token.payload.Issuer())
	switch {
	case i == nil:
		return nil, time.Time{}, s.unknownIssuer(token.payload.Issuer())
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

// recheck verifies a token of which c was found before. What signed it may have
// left the key set meanwhile.
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
	case !i.keys.lostForGood(token):
		return c, nil
	case !keys.has(token.kid):
		return nil, unknownKey(token, droppedHint)
	default:
		return nil, found.err
	}
}

// lostForGood reports whether the key that signed a token, which none at hand
// did, is confirmed to have left the set. It has a fetch confirm it otherwise.
func (k *keySet) lostForGood(token *compact) bool {
	if lost := k.lostKeyOf(token); lost != nil {
		return lost.confirmed
	}
	if k.fetch == nil {
		return true // no other keys will ever come
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if s := k.current.Load(); s.began.Sub(k.lost.first) >= k.cooldown {
		return true // a key that no set of ours ever had
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
