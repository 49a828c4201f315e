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

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/internal/provider"
	"github.com/grpcaud/grpcaud/internal/quote"
	"github.com/grpcaud/grpcaud/internal/remedy"
)

// Verifier checks whether tokens are genuine. It is safe for concurrent use.
type Verifier struct {
	options  *options
	counters cacheCounters
	current  atomic.Pointer[state]
	mu       sync.Mutex // guards the replacement of current, and closed
	closed   bool
}

// state is the configured issuers and the cache of results. It is replaced as a
// whole, so that no result outlives the configuration that led to it.
type state struct {
	issuers map[string]*issuer // by URL
	urls    []string           // of them, sorted
	byIss   map[string]*issuer // by each value of iss that their tokens may have
	domains map[string]*issuer // by trust domain, if they have one
	opaque  *issuer            // which is asked about tokens that are not JWTs; nil for none
	cache   *cache             // nil if there is none
}

// issuer is one issuer with its keys. Issuers share nothing, so that none can sign
// tokens of another, or delay them.
type issuer struct {
	url         string
	place       string // in the matrix, for messages
	trustDomain string // of the sub of its tokens; empty if they have iss
	preset      claims.Preset
	algorithms  []string
	configs     map[string]*oidc.Config // of go-oidc, by algorithm
	leeway      time.Duration
	reread      bool // a verified token may have been read by another preset
	keys        *keySet
	introspect  *introspector // asked about each of its tokens; nil if they are JWTs
	online      *introspector // asked for rules with online; introspect if that is not nil; nil if it cannot be asked
}

// New returns a verifier of the tokens of these issuers, at least one; an
// [access.Guard] returns them checked. It does no network I/O: keys are fetched when
// the first token needs them. Close it when it is no longer used.
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
// means that it is not known whether the token is genuine. Other calls may get the
// same claims, or the same Refusal: do not change them.
//
// A token with two dots is a JWT. It is verified with the keys of the issuer that its
// iss names, or by asking that issuer, if it is configured so. Any other token is
// sent to the one issuer that is asked about opaque tokens, if there is one.
func (v *Verifier) Verify(ctx context.Context, raw string) (*claims.Claims, error) {
	claims, _, err := v.VerifyFor(ctx, raw, nil, time.Now())
	return claims, err
}

// VerifyFor is [Verifier.Verify] for a call, at the time now, to a method with that
// rule. It returns the time at which the claims are to be judged: now, or later if the
// verification took time.
//
// A token of an issuer that the rule does not accept is refused for its iss, as by
// [access.Rule.CheckIssuer]: no call waits for the keys of that issuer, and the issuer
// is not asked. A token that is not a JWT is refused likewise if the rule does not
// accept the issuer that is asked about such tokens. A nil rule accepts all issuers of
// the verifier.
func (v *Verifier) VerifyFor(ctx context.Context, raw string, rule *access.Rule, now time.Time) (*claims.Claims, time.Time, error) {
	s := v.current.Load()
	switch {
	case len(raw) > maxToken:
		return nil, now, tooLarge(raw)
	case s.opaque != nil && strings.Count(raw, ".") != 2:
		claims, err := s.opaque.verifyOpaque(ctx, raw, rule)
		return claims, time.Now(), err
	case s.cache == nil:
		fresh, now := s.verifyNew(ctx, raw, rule)
		return fresh.claims, now, fresh.err
	}
	key, found := s.cache.find(raw, now)
	if found == nil {
		found, now = s.verifyNew(ctx, raw, rule)
		s.cache.keep(key, len(raw), found, now)
	}
	if found.err != nil && found.issuer != nil { // the rule judges the issuer of a genuine token
		if err := found.issuer.checkRule(rule); err != nil {
			return nil, now, err
		}
	}
	return found.claims, now, found.err
}

// verifyNew verifies a token that is not in the cache. It returns the time at which the
// result was there.
func (s *state) verifyNew(ctx context.Context, raw string, rule *access.Rule) (*result, time.Time) {
	fresh := s.verify(ctx, raw, rule)
	return &fresh, time.Now()
}

// tooLarge returns the refusal of a token that is not read.
func tooLarge(raw string) error {
	return &audience.Refusal{Cause: audience.CauseTokenTooLarge, Got: fmt.Sprintf("%d bytes", len(raw)), Want: fmt.Sprintf("at most %d", maxToken)}
}

// checkRule refuses the tokens of i if rule does not accept that issuer. A nil rule
// accepts all issuers.
func (i *issuer) checkRule(rule *access.Rule) error {
	if rule == nil {
		return nil
	}
	return rule.CheckIssuer(i.url)
}

// verifyOpaque asks i about a token that is not a JWT.
func (i *issuer) verifyOpaque(ctx context.Context, raw string, rule *access.Rule) (*claims.Claims, error) {
	err := checkOpaque(raw)
	if err == nil {
		err = i.checkRule(rule)
	}
	if err != nil {
		return nil, err
	}
	return i.introspect.verify(ctx, raw)
}

// result is the outcome of a verification: the claims of a token, or why there are
// none.
type result struct {
	claims *claims.Claims
	err    error

	// issuer has the keys by which the token is genuine or not; nil if no keys were
	// needed, or if there were none.
	issuer *issuer
	keys   uint64    // the generation of the keys
	end    time.Time // when the keys are too old
}

// verify verifies a token that is not in the cache.
func (s *state) verify(ctx context.Context, raw string, rule *access.Rule) result {
	token, err := parse(raw)
	if err != nil {
		return result{err: err}
	}
	i := s.issuerOf(token.payload)
	if i == nil {
		return result{err: s.unknownIssuer(token.payload)}
	}
	if err := i.checkRule(rule); err != nil {
		return result{err: err}
	}
	if err := i.accepts(token); err != nil {
		return result{err: err}
	}
	if i.introspect != nil {
		claims, err := i.introspect.verify(ctx, raw)
		return result{claims: claims, err: err}
	}
	return i.verify(ctx, token)
}

// accepts checks the algorithm and the type of a token. A token that the issuer is
// asked about needs no type, since the answer says what it is; but the issuer is not
// asked about a token whose exp has passed.
func (i *issuer) accepts(token *compact) error {
	switch {
	case !slices.Contains(i.algorithms, token.alg):
		return &audience.Refusal{Cause: audience.CauseAlgorithmNotAllowed, Got: fmt.Sprintf("alg %.32q", token.alg), Want: fmt.Sprint(i.algorithms), Hint: i.remedy(remedy.Situation{Cause: string(audience.CauseAlgorithmNotAllowed), Algorithm: token.alg, Want: i.algorithms})}
	case i.introspect != nil:
		return i.ended(token)
	default:
		return token.payload.CheckType(i.preset, token.typ)
	}
}

// issuerOf returns the issuer of a token: the one that its iss names, or, only for a
// token without iss, the one of the trust domain that its sub names. Nil if there is none.
func (s *state) issuerOf(token claims.Payload) *issuer {
	if domain := token.TrustDomain(); domain != "" {
		return s.domains[domain]
	}
	return s.byIss[token.Issuer()]
}

// unknownIssuer refuses a token of an issuer that is not configured.
func (s *state) unknownIssuer(token claims.Payload) error {
	if domain := token.TrustDomain(); domain != "" {
		return &audience.Refusal{
			Cause: audience.CauseIssuerUnknown, Got: fmt.Sprintf("no iss, and sub of trust domain %.128q", domain), Want: "[" + quote.List(slices.Sorted(maps.Keys(s.domains))...) + "]",
			Hint: "a token without iss is one of the issuer that has the trust domain of its sub: if it may count, write that as trust_domain of an issuer of preset spiffe, with the keys of that trust domain",
		}
	}
	iss := token.Issuer()
	return &audience.Refusal{
		Cause: audience.CauseIssuerUnknown, Got: fmt.Sprintf("iss %.128q", iss), Want: "[" + quote.List(s.urls...) + "]",
		Hint: remedy.Situation{Cause: string(audience.CauseIssuerUnknown), Got: []string{iss}, Want: s.urls}.Remedy(),
	}
}

// verify checks whether i signed a token. If no key in the set verifies the signature,
// the issuer may have a new key under an old kid: the keys are fetched again, at most
// once in each cool-down.
func (i *issuer) verify(ctx context.Context, token *compact) result {
	keys, err := i.keysFor(ctx, token)
	if err != nil {
		return result{err: err}
	}
	found := i.check(ctx, token, keys)
	if !errors.Is(found.err, audience.CauseSignatureInvalid) {
		return found
	}
	if i.keys.droppedKeyOf(token) != nil || i.ended(token) != nil {
		i.keys.request()
		return found
	}
	// A token without kid may be signed by a new key that has replaced the only one of
	// the set. Only a fetch can show that.
	mayBeNew := token.kid == "" && len(keys.find("", token.alg)) == 1 && !token.olderThan(keys, i.leeway)
	newer, err := i.keys.nextFor(ctx, token.kid, mayBeNew, func(s *snapshot) bool { return s.number > keys.number })
	switch {
	case err != nil && mayBeNew:
		return result{err: err}
	case err != nil || newer.generation == keys.generation:
		return found
	}
	return i.check(ctx, token, newer)
}

// keysFor returns a set that has the key of a token. A kid is unknown only if a set
// that was fetched after the token arrived lacks it. A token with a kid that is known
// to be unknown is refused at once. It still causes a fetch, since the last answer of
// the issuer may have been wrong.
func (i *issuer) keysFor(ctx context.Context, token *compact) (*snapshot, error) {
	arrived := i.keys.begun.Load()
	keys := i.keys.load()
	if keys.has(token.kid) {
		return keys, nil
	}
	if keys != nil && i.keys.isKnownMissing(token, keys, i.leeway) {
		i.keys.request()
		return nil, i.unknownKey(token)
	}
	if err := i.ended(token); err != nil {
		return nil, err
	}
	keys, err := i.keys.nextFor(ctx, token.kid, true, func(s *snapshot) bool { return s.has(token.kid) || s.number > arrived })
	switch {
	case err != nil:
		return nil, err
	case !keys.has(token.kid):
		return nil, i.unknownKey(token)
	}
	return keys, nil
}

// unknownKey refuses a token whose key the issuer does not have.
func (i *issuer) unknownKey(token *compact) error {
	return &audience.Refusal{Cause: audience.CauseKeyUnknown, Got: fmt.Sprintf("kid %.64q", token.kid), Hint: i.remedy(remedy.Situation{Cause: string(audience.CauseKeyUnknown)})}
}

// remedy returns the remedy of a situation, which it completes with what is known of
// i.
func (i *issuer) remedy(s remedy.Situation) string {
	s.Names, s.Preset = provider.Names{Issuer: i.url, Place: i.place}, i.preset.Name
	return s.Remedy()
}
