package access

import (
	"slices"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/claims"
)

// Leeway is how far the clocks of issuer and service may differ, unless the
// [Issuer] says otherwise.
const DefaultLeeway = 30 * time.Second

// MaxLifetime is the longest life of a token that is accepted, unless the
// [Issuer] says otherwise. It also catches an exp in milliseconds.
const DefaultMaxLifetime = 24 * time.Hour

// Rule is what one method asks of a token. It is immutable, and safe for
// concurrent use.
type Rule struct {
	service   string
	public    bool
	optional  bool
	issuers   []terms  // whose tokens are accepted, at least one
	audiences []string // the aud values that mean us
	sole      bool     // whether aud may name nobody else
	self      party    // who may come without aud, because it is us; zero for nobody
	demands   []demand // alternatives, at least one
	also      *demand  // what the .proto file demands besides; nil for nothing
	rollouts  []rollout
}

// terms are what is asked of the tokens of one issuer.
type terms struct {
	issuer      string // what they have in iss
	leeway      time.Duration
	maxLifetime time.Duration
	maxAge      time.Duration // 0 for any
	bound       bool          // whether they must be bound to a certificate
	scopePrefix string        // what stands for aud in their scopes; empty if aud is required
}

// party is a client: its id means something only beside its issuer.
type party struct{ issuer, id string }

// Service returns the name of the service in the matrix; empty for a public
// method.
func (r *Rule) Service() string { return r.service }

// Public reports whether the method is open to anybody. A token that comes all
// the same is not judged, and makes nobody a caller.
func (r *Rule) Public() bool { return r.public }

// Optional reports whether the method may be called without a token. One that
// comes is judged.
func (r *Rule) Optional() bool { return r.optional }

// CheckIssuer refuses what the issuer of that iss vouches for if the service does
// not accept it, with the refusal of [Rule.Judge]; nobody need ask the issuer
// then. It is nil for a public rule, which judges no token.
func (r *Rule) CheckIssuer(iss string) error {
	if r.public || slices.ContainsFunc(r.issuers, func(t terms) bool { return t.issuer == iss }) {
		return nil
	}
	a := r.issuerAnswer(iss)
	return &audience.Refusal{Cause: audience.CauseIssuerNotAccepted, Got: a.got, Want: a.want, Hint: a.hint}
}

// Judge decides whether a call with a token of claims c, presented as p says, may
// proceed: nil, or an [audience.Refusal]. It checks in this order: the issuer, the
// audience, the times, the certificate that the token is bound to, the client and
// what it may do. Every check is on, always; a [Rule] cannot be built without an
// issuer and an audience. A token that is bound to a certificate is refused unless
// p has that certificate. Nil claims are refused, except by a public rule.
func (r *Rule) Judge(c *claims.Claims, p Presentation) error {
	if r.public {
		return nil
	}
	if c == nil {
		return &audience.Refusal{Cause: audience.CauseCredentialsMissing}
	}
	q := r.inquire(c, p)
	if at := q.first(ofToken); at < len(ofToken) {
		return q.refusal(ofToken[at])
	}
	q, at := q.furthest()
	if at == len(ofCaller) {
		return nil
	}
	refusal := q.refusal(ofCaller[at])
	refusal.Want = q.wants(at)
	return refusal
}

// Ends returns the time from which [Rule.Judge] refuses c for its age: after
// exp, or after the issuer's maximum age if that is sooner, each with leeway.
// It is the zero time for a public rule, which judges no token.
func (r *Rule) Ends(c *claims.Claims) time.Time {
	if r.public {
		return time.Time{}
	}
	return r.inquire(c, Presentation{}).soonest(ofToken)
}

// terms returns what is asked of c: the terms of its issuer, or any for a
// stranger, whom the question about the issuer refuses.
func (r *Rule) terms(c *claims.Claims) *terms {
	i := slices.IndexFunc(r.issuers, func(t terms) bool { return t.issuer == c.Issuer() })
	return &r.issuers[max(i, 0)]
}

// inquire begins to put the questions of r to c. Times are compared on the wall
// clock: a token was dated by another machine.
func (r *Rule) inquire(c *claims.Claims, p Presentation) inquiry {
	return inquiry{rule: r, terms: r.terms(c), claims: c, now: p.Time.Round(0), certificate: p.Certificate}
}
