package audience

import (
	"crypto/subtle"
	"slices"
	"time"
)

// Leeway is how far the clocks of issuer and service may differ, unless the
// [Issuer] says otherwise.
const Leeway = 30 * time.Second

// MaxLifetime is the longest life of a token that is accepted, unless the
// [Issuer] says otherwise. It also catches an exp in milliseconds.
const MaxLifetime = 24 * time.Hour

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
	return r.inquire(&Claims{issuer: iss}, time.Time{}).refusal(ofToken[0])
}

// Judge decides whether the bearer of a token with claims c may call at the
// time now: nil, or a [Refusal]. It asks in order whether an issuer of ours
// made the token, whether it is meant for us, whether it is alive, from whom it
// comes, and what for. Every check is on, always; a [Rule] cannot be built
// without an issuer and an audience. Nil claims are refused, except by a public
// rule.
//
// Of claims that r has admitted, Judge asks anew when time may have changed an
// answer: before the time of that yes, and from when on the first of the good
// answers turns bad. In between it says yes again, and allocates nothing.
func (r *Rule) Judge(c *Claims, now time.Time) error {
	if r.public {
		return nil
	}
	if c == nil {
		return &Refusal{Cause: CauseCredentialsMissing}
	}
	if c.assents.given(r, now) {
		return nil
	}
	q := r.inquire(c, now)
	if at := q.first(ofToken); at < len(ofToken) {
		return q.refusal(ofToken[at])
	}
	q, at := q.furthest()
	if at == len(ofCaller) {
		c.assents.give(&assent{rule: r, from: q.now, until: q.until()})
		return nil
	}
	refusal := q.refusal(ofCaller[at])
	refusal.Want = q.wants(at)
	return refusal
}

// Ends returns the time from which [Rule.Judge] refuses c for its age: after
// exp, or after the issuer's maximum age if that is sooner, each with leeway.
// It is the zero time for a public rule, which judges no token.
func (r *Rule) Ends(c *Claims) time.Time {
	if r.public {
		return time.Time{}
	}
	return r.inquire(c, time.Time{}).soonest(ofToken)
}

// CheckBinding holds a token to the certificate that it is bound to (RFC 8705,
// section 3). thumbprint is the SHA-256 of the peer's certificate in unpadded
// base64url, "" if the peer showed none. The refusal is [CauseBindingMismatch],
// or [CauseBindingMissing] for an unbound token where the issuer's must be
// bound. The rest is judged by [Rule.Judge].
func (r *Rule) CheckBinding(c *Claims, thumbprint string) error {
	if r.public {
		return nil
	}
	q := r.inquire(c, time.Time{})
	switch {
	case q.binding() != "":
		return q.refusal(binding)
	case c.binding == "" || subtle.ConstantTimeCompare([]byte(c.binding), []byte(thumbprint)) == 1:
		return nil
	case thumbprint == "":
		return &Refusal{
			Cause: CauseBindingMismatch, Got: "no certificate", Want: "x5t#S256 " + quoted(c.binding),
			Hint: "the token is bound to a certificate, and the connection shows none: is mutual TLS off, or ended before this server?",
		}
	default:
		return &Refusal{Cause: CauseBindingMismatch, Got: "x5t#S256 " + quoted(thumbprint), Want: quoted(c.binding)}
	}
}

// terms returns what is asked of c: the terms of its issuer, or any for a
// stranger, whom the question about the issuer refuses.
func (r *Rule) terms(c *Claims) *terms {
	i := slices.IndexFunc(r.issuers, func(t terms) bool { return t.issuer == c.issuer })
	return &r.issuers[max(i, 0)]
}

// inquire begins to put the questions of r to c. Times are compared on the wall
// clock: a token was dated by another machine.
func (r *Rule) inquire(c *Claims, now time.Time) inquiry {
	return inquiry{rule: r, terms: r.terms(c), claims: c, now: now.Round(0)}
}
