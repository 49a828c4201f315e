package access

import (
	"slices"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/claims"
)

// DefaultLeeway is how far the clocks of issuer and service may differ, unless the
// [Issuer] says otherwise.
const DefaultLeeway = 30 * time.Second

// DefaultMaxLifetime is the longest lifetime of a token that is accepted, unless the
// [Issuer] or its preset says otherwise. It also catches an exp in milliseconds.
const DefaultMaxLifetime = 24 * time.Hour

// Rule says which calls of one method are admitted. It is immutable, and safe for
// concurrent use.
type Rule struct {
	service   string
	public    bool
	optional  bool
	issuers   []terms  // whose tokens are accepted, at least one
	audiences []string // the aud values that name the service
	sole      bool     // whether aud must name no other service
	self      party    // the service's own client, whose tokens may lack aud; zero for none
	demands   []demand // alternatives; none if only a rollout is about the method
	extra     *demand  // what the .proto file demands in addition; nil for nothing
	online    bool     // whether one of them demands that the issuer is asked
	rollouts  []rollout
	callers   *callers // of the service; for messages
}

// terms are what is required of the tokens of one issuer.
type terms struct {
	issuer      string // what they have in iss
	preset      string
	place       string // of the issuer in a file, for messages
	leeway      time.Duration
	maxLifetime time.Duration
	maxAge      time.Duration // 0 for any
	bound       bool          // whether they must be bound to a certificate
	scopePrefix string        // what stands for aud in their scopes; empty if no scope does

	audienceRoles []string // the roles that stand for aud; nil if none does
	roleScope     string   // the scope that tokens with roles were requested with; empty if none is needed
}

// replacesAudience reports whether something may stand for aud.
func (t *terms) replacesAudience() bool { return t.scopePrefix != "" || len(t.audienceRoles) > 0 }

// expires returns the time at which a token is refused for its exp.
func (t *terms) expires(c *claims.Claims) time.Time { return c.Expiry().Add(t.leeway) }

// tooOld returns the time at which a token is refused for its iat, if there is a
// maximum age.
func (t *terms) tooOld(c *claims.Claims) time.Time { return c.IssuedAt().Add(t.maxAge + t.leeway) }

// party is a client: its id means something only together with its issuer.
type party struct{ issuer, id string }

// Service returns the name of the service in the matrix; empty for a public
// method.
func (r *Rule) Service() string { return r.service }

// Public reports whether anybody may call the method without a token. A token that
// is sent to it is not judged, and there is no caller.
func (r *Rule) Public() bool { return r.public }

// Optional reports whether the method may be called without a token. A token that
// is sent to it is judged.
func (r *Rule) Optional() bool { return r.optional }

// WithoutEntry reports whether no entry of the matrix is about the method: only a
// [Rollout] lets calls through. [Rule.Judge] refuses every call, and says by the cause
// whether its token was genuine, addressed to the service and valid.
func (r *Rule) WithoutEntry() bool { return !r.public && len(r.demands) == 0 }

// CheckIssuer refuses the tokens of the issuer of that iss if the service does not
// accept them, as [Rule.Judge] would: the issuer need not be contacted then. It
// returns nil for a public rule, which judges no token.
func (r *Rule) CheckIssuer(iss string) error {
	if r.public || slices.ContainsFunc(r.issuers, func(t terms) bool { return t.issuer == iss }) {
		return nil
	}
	f := r.describeIssuer(iss)
	return &audience.Refusal{Cause: audience.CauseIssuerNotAccepted, Got: f.got, Want: f.want, Hint: f.hint}
}

// Judge decides whether a call with a token of claims c, presented as p says, may
// proceed: nil, or an [audience.Refusal]. It checks in this order: the issuer, the
// audience, the times, the certificate that the token is bound to, the client, what it
// may do, and what the issuer answered if an entry has Online. Every check is on, always; a [Rule] cannot be built without an
// issuer and an audience. A token that is bound to a certificate is refused unless
// p has that certificate. Nil claims are refused, except by a public rule.
func (r *Rule) Judge(c *claims.Claims, p Presentation) error {
	if r.public {
		return nil
	}
	if c == nil {
		return &audience.Refusal{Cause: audience.CauseCredentialsMissing}
	}
	e := r.evaluate(c, p)
	k, d := e.first()
	if k == admitted {
		return nil
	}
	return e.refusal(k, d)
}

// Ends returns the time from which [Rule.Judge] refuses c for its age: after
// exp, or after the issuer's maximum age if that is sooner, each with leeway.
// It is the zero time for a public rule, which judges no token.
func (r *Rule) Ends(c *claims.Claims) time.Time {
	if r.public {
		return time.Time{}
	}
	t := r.terms(c)
	end := t.expires(c)
	if old := t.tooOld(c); t.maxAge > 0 && old.Before(end) {
		return old
	}
	return end
}

// terms returns what is required of c: the terms of its issuer. For an issuer that
// is not accepted they are those of another, and [checkIssuer] refuses the token.
func (r *Rule) terms(c *claims.Claims) *terms {
	i := slices.IndexFunc(r.issuers, func(t terms) bool { return t.issuer == c.Issuer() })
	return &r.issuers[max(i, 0)]
}
