package verifier

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
)

// Verifier tells genuine tokens from others. It is safe for concurrent use.
type Verifier struct {
	options *options
	counts  counts
	current atomic.Pointer[roster]
	mu      sync.Mutex // guards the replacing of current, and closed
	closed  bool
}

// roster is whom a verifier believes, and what it has found out by that. It is
// replaced as a whole, so that no verdict outlives the configuration that it
// was found under.
type roster struct {
	issuers map[string]*issuer // by url
	opaque  *issuer            // who is asked about tokens that are no JWTs; nil if nobody is
	cache   *cache             // nil if it is off
}

// issuer is one issuer with its keys: issuers share nothing, so that none can
// vouch for another's tokens, nor hold up another's.
type issuer struct {
	url        string
	preset     claims.Preset
	algorithms []string
	leeway     time.Duration
	reread     bool // a token that was verified may have been read by another preset
	keys       *keySet
	introspect *introspector // nil if its tokens are JWTs
}

// New returns a verifier of tokens of these issuers, at least one; an
// [access.Guard] hands them out checked. It does no network I/O: keys are
// fetched when the first token needs them. Close it when it is no longer used.
func New(issuers []access.Issuer, opts ...Option) (*Verifier, error) {
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	v := &Verifier{options: o}
	if err := v.Replace(issuers); err != nil {
		return nil, err
	}
	return v, nil
}

// Verify returns the claims of a genuine token. Its error is an
// [audience.Refusal], or ctx's error if that ended first. A Refusal with
// [audience.CauseKeysUnavailable] or [audience.CauseIntrospectionUnavailable]
// says that nothing could be found out. Other calls may get the same claims, or
// the same Refusal: do not change them.
//
// The form of a token tells whether it is a JWT: then it has two dots. A JWT is
// verified with the keys of the issuer that its iss names, or by asking that
// issuer, if this is how it is configured. Any other token is taken to the one
// issuer that is asked, if there is one.
func (v *Verifier) Verify(ctx context.Context, raw string) (*claims.Claims, error) {
	claims, _, err := v.VerifyFor(ctx, raw, nil, time.Now())
	return claims, err
}

// VerifyAt is [Verifier.Verify] for callers that have looked at the clock and
// saw now: for a token that is remembered, nobody looks again. It returns as of
// when the claims are to be judged, which is now, or later if finding out took
// time.
func (v *Verifier) VerifyAt(ctx context.Context, raw string, now time.Time) (*claims.Claims, time.Time, error) {
	return v.VerifyFor(ctx, raw, nil, now)
}

// VerifyFor is [Verifier.VerifyAt] for a call to a method with that rule. A token
// of an issuer that the rule does not accept is refused by its iss, with the
// refusal of [access.Rule.CheckIssuer]: nobody waits for the keys of that
// issuer, and it is not asked. Of a token that is no JWT only the issuer that is
// asked about such tokens could know; if the rule does not accept it, the token is
// refused likewise. A nil rule accepts all issuers of the verifier.
func (v *Verifier) VerifyFor(ctx context.Context, raw string, rule *access.Rule, now time.Time) (*claims.Claims, time.Time, error) {
	r := v.current.Load()
	switch {
	case len(raw) > maxToken:
		return nil, now, &audience.Refusal{Cause: audience.CauseTokenTooLarge, Got: fmt.Sprintf("%d bytes", len(raw)), Want: fmt.Sprintf("at most %d", maxToken)}
	case r.opaque != nil && strings.Count(raw, ".") != 2:
		claims, err := r.opaque.verifyOpaque(ctx, raw, rule)
		return claims, time.Now(), err
	case r.cache == nil:
		fresh := r.verify(ctx, raw, rule)
		return fresh.claims, time.Now(), fresh.err
	}
	key, found := r.cache.find(raw, now)
	if found == nil {
		fresh := r.verify(ctx, raw, rule)
		now = time.Now()
		r.cache.keep(key, len(raw), fresh, now)
		found = &fresh
	}
	if found.err != nil && found.by != nil { // of genuine tokens the rule judges the issuer itself
		if err := found.by.countsFor(rule); err != nil {
			return nil, now, err
		}
	}
	return found.claims, now, found.err
}

// countsFor refuses the tokens of i if rule, unless it is nil, does not accept
// them.
func (i *issuer) countsFor(rule *access.Rule) error {
	if rule == nil {
		return nil
	}
	return rule.CheckIssuer(i.url)
}

// verifyOpaque asks i about a token that is no JWT.
func (i *issuer) verifyOpaque(ctx context.Context, raw string, rule *access.Rule) (*claims.Claims, error) {
	err := checkOpaque(raw)
	if err == nil {
		err = i.countsFor(rule)
	}
	if err != nil {
		return nil, err
	}
	return i.introspect.verify(ctx, raw)
}

// verdict is what was found out about a token: its claims, or why there are
// none.
type verdict struct {
	claims *claims.Claims
	err    error

	// by is whose keys show that the token is genuine, or that it is not; nil if
	// they were not asked, or not at hand.
	by   *issuer
	keys uint64    // their generation
	end  time.Time // when they are too old to show anything
}

// verify judges a token afresh.
func (r *roster) verify(ctx context.Context, raw string, rule *access.Rule) verdict {
	token, err := parse(raw)
	if err != nil {
		return verdict{err: err}
	}
	i := r.issuer(token.issuer)
	if i == nil {
		return verdict{err: r.stranger(token.issuer)}
	}
	if err := i.countsFor(rule); err != nil {
		return verdict{err: err}
	}
	if err := i.accepts(token); err != nil {
		return verdict{err: err}
	}
	if i.introspect != nil {
		claims, err := i.introspect.verify(ctx, raw)
		return verdict{claims: claims, err: err}
	}
	return i.verify(ctx, token)
}

// accepts looks at what a token says of its kind. One that the issuer is asked
// about need not be typed, since the answer tells what it is; but nobody is asked
// about one that is over by its own word.
func (i *issuer) accepts(token *compact) error {
	switch {
	case !slices.Contains(i.algorithms, token.alg):
		return &audience.Refusal{Cause: audience.CauseAlgorithmNotAllowed, Got: fmt.Sprintf("alg %.32q", token.alg), Want: fmt.Sprint(i.algorithms)}
	case i.introspect != nil:
		return i.ended(token)
	default:
		return i.preset.CheckType(token.typ)
	}
}

// issuer returns whose tokens have this iss, nil if nobody's have.
func (r *roster) issuer(iss string) *issuer {
	if i := r.issuers[iss]; i != nil {
		return i
	}
	for _, i := range r.issuers {
		if slices.Contains(i.preset.Issuers(i.url), iss) {
			return i
		}
	}
	return nil
}

// stranger is the refusal of a token that none of the issuers made.
func (r *roster) stranger(iss string) error {
	urls := slices.Sorted(maps.Keys(r.issuers))
	return &audience.Refusal{
		Cause: audience.CauseIssuerUnknown, Got: fmt.Sprintf("iss %.128q", iss), Want: fmt.Sprintf("%q", urls),
		Hint: access.IssuerHint(iss, urls),
	}
}

// verify finds out whether i signed a token. A signature that no key at hand
// made may be that of a key which is new under an old name: the issuer is asked
// again, as often as the allowance lets strangers cause.
func (i *issuer) verify(ctx context.Context, token *compact) verdict {
	keys, err := i.keysFor(ctx, token)
	if err != nil {
		return verdict{err: err}
	}
	found := i.check(ctx, token, keys)
	if !errors.Is(found.err, audience.CauseSignatureInvalid) {
		return found
	}
	if i.keys.lostKeyOf(token) != nil || i.ended(token) != nil {
		i.keys.request()
		return found
	}
	// A token that names no key may be of one that has taken the place of the
	// only one: nothing is known of it until the issuer was asked.
	patient := token.kid == "" && len(keys.find("", token.alg)) == 1 && !token.olderThan(keys, i.leeway)
	newer, err := i.keys.nextFor(ctx, token.kid, patient, func(s *snapshot) bool { return s.number > keys.number })
	switch {
	case err != nil && patient:
		return verdict{err: err}
	case err != nil || newer.generation == keys.generation:
		return found
	}
	return i.check(ctx, token, newer)
}

// keysFor returns keys among which the one that token names is, or none can
// be: a kid is unknown only if a set lacks it that was fetched after the token
// arrived. What is known to be unknown is refused at once; it counts all the same
// as a reason to ask the issuer again, whose last answer may have been wrong.
func (i *issuer) keysFor(ctx context.Context, token *compact) (*snapshot, error) {
	arrived := i.keys.begun.Load()
	keys := i.keys.load()
	if keys.has(token.kid) {
		return keys, nil
	}
	if keys != nil && i.keys.knownLack(token, keys, i.leeway) {
		i.keys.request()
		return nil, unknownKey(token, droppedHint)
	}
	if err := i.ended(token); err != nil {
		return nil, err
	}
	keys, err := i.keys.nextFor(ctx, token.kid, true, func(s *snapshot) bool { return s.has(token.kid) || s.number > arrived })
	switch {
	case err != nil:
		return nil, err
	case !keys.has(token.kid):
		return nil, unknownKey(token, droppedHint)
	}
	return keys, nil
}

const droppedHint = "the issuer has no such key: it dropped it, and the client needs a new token, or another issuer of the same name signed this one"

func unknownKey(token *compact, hint string) error {
	return &audience.Refusal{Cause: audience.CauseKeyUnknown, Got: fmt.Sprintf("kid %.64q", token.kid), Hint: hint}
}
