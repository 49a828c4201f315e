package access

import (
	"crypto/subtle"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/internal/quote"
	"github.com/grpcaud/grpcaud/internal/remedy"
)

// tokenCause returns why a check of the token refuses, empty if it does not.
func (e *evaluation) tokenCause(k check) audience.Cause {
	c, t, latest := e.claims, e.terms, e.now.Add(e.terms.leeway)
	switch k {
	case checkIssuer:
		return unless(c.Issuer() == t.issuer, audience.CauseIssuerNotAccepted)
	case checkAudience:
		return e.audienceCause()
	case checkSoleAudience:
		return unless(!e.rule.sole || c.AddressedOnlyTo(e.rule.audiences), audience.CauseAudienceNotSole)
	case checkExpiry: // RFC 7519, section 4.1.4
		return unless(e.now.Before(t.expires(c)), audience.CauseExpired)
	case checkNotBefore: // RFC 7519, section 4.1.5
		return unless(!c.NotBefore().After(latest), audience.CauseNotYetValid)
	case checkIssuedAt: // RFC 7519, section 4.1.6
		return unless(!c.IssuedAt().After(latest), audience.CauseNotYetValid)
	case checkLifetime:
		return unless(e.lifetime() <= t.maxLifetime, audience.CauseLifetimeTooLong)
	case checkAge: // a token without iat cannot show its age
		young := !c.IssuedAt().IsZero() && e.now.Before(t.tooOld(c))
		return unless(t.maxAge == 0 || young, audience.CauseTokenTooOld)
	case checkBinding: // RFC 8705, section 3
		return e.bindingCause()
	case checkEntry:
		return unless(!e.rule.WithoutEntry(), audience.CauseNoRule)
	default:
		return ""
	}
}

// audienceCause checks whether aud names the service (RFC 7519, section 4.1.3).
// Two tokens may lack aud: that of the service's own client, and one of an issuer
// that writes none, which must then have a scope that begins with the prefix of
// the service, or one of the roles that stand for it.
func (e *evaluation) audienceCause() audience.Cause {
	c, r := e.claims, e.rule
	if c.Addressed() {
		return unless(slices.ContainsFunc(r.audiences, c.HasAudience), audience.CauseAudienceMismatch)
	}
	own := r.self != (party{}) && r.self == (party{c.Issuer(), c.Client()})
	lacks := c.Audience() == nil // an empty array is an audience that names nobody
	return unless(lacks && (own || e.standsForAudience()), audience.CauseAudienceMissing)
}

// standsForAudience reports whether a scope or a role of the token names the service in
// the place of aud.
func (e *evaluation) standsForAudience() bool {
	prefix := e.terms.scopePrefix
	return prefix != "" && slices.ContainsFunc(e.claims.Scopes(), func(s string) bool { return strings.HasPrefix(s, prefix) }) ||
		slices.ContainsFunc(e.terms.audienceRoles, e.claims.HasRole)
}

// bindingCause checks whether the caller holds the certificate that the token is
// bound to. Offline, a token that is bound passes, and [Explanation.Unproven] says so.
func (e *evaluation) bindingCause() audience.Cause {
	bound := e.claims.Binding()
	if bound == "" {
		return unless(!e.terms.bound, audience.CauseBindingMissing)
	}
	held := subtle.ConstantTimeCompare([]byte(bound), []byte(e.certificate)) == 1
	return unless(held || e.offline, audience.CauseBindingMismatch)
}

// lifetime is the time from iat to exp, or from now if the token has no iat.
func (e *evaluation) lifetime() time.Duration {
	issued := e.claims.IssuedAt()
	if issued.IsZero() {
		issued = e.now
	}
	return e.claims.Expiry().Sub(issued)
}

func (e *evaluation) describeToken(k check) finding {
	c, t := e.claims, e.terms
	earliest, latest := e.now.Add(-t.leeway), e.now.Add(t.leeway)
	switch k {
	case checkIssuer:
		return e.rule.describeIssuer(c.Issuer())
	case checkAudience:
		return e.describeAudience()
	case checkSoleAudience:
		return e.describeSoleAudience()
	case checkExpiry:
		return finding{got: "exp " + stamp(c.Expiry()), want: fmt.Sprintf("after %s (now less %v leeway)", stamp(earliest), t.leeway), hint: e.remedy(audience.CauseExpired, remedy.Situation{})}
	case checkNotBefore:
		return finding{got: "nbf " + stamp(c.NotBefore()), want: "by " + stamp(latest), hint: e.remedy(audience.CauseNotYetValid, remedy.Situation{})}
	case checkIssuedAt:
		return finding{got: "iat " + stamp(c.IssuedAt()), want: "by " + stamp(latest), hint: e.remedy(audience.CauseNotYetValid, remedy.Situation{})}
	case checkLifetime:
		return finding{got: e.lifetime().String(), want: "at most " + t.maxLifetime.String(), hint: e.lifetimeRemedy()}
	case checkAge:
		if t.maxAge == 0 {
			return finding{}
		}
		return finding{got: "iat " + stamp(c.IssuedAt()), want: "after " + stamp(earliest.Add(-t.maxAge)), hint: e.remedy(audience.CauseTokenTooOld, remedy.Situation{})}
	case checkBinding:
		return e.describeBinding()
	default:
		return e.describeEntry()
	}
}

// describeIssuer describes an iss beside those that the service accepts.
func (r *Rule) describeIssuer(iss string) finding {
	var accepted []string
	for _, t := range r.issuers {
		accepted = append(accepted, t.issuer)
	}
	return finding{got: "iss " + quote.List(iss), want: list(accepted), hint: r.otherIssuer(iss, accepted)}
}

func (e *evaluation) describeAudience() finding {
	c, want := e.claims, e.rule.audiences
	switch {
	case c.Addressed():
		return finding{got: "aud " + list(c.Audience()), want: list(want), hint: e.remedy(audience.CauseAudienceMismatch, remedy.Situation{Got: c.Audience(), Want: want})}
	case c.Audience() == nil && e.terms.replacesAudience():
		return e.describeReplacement()
	default:
		got := "no aud"
		if c.Audience() != nil {
			got = "aud [], which names nobody"
		}
		return finding{
			got: got, want: list(want),
			hint: e.remedy(audience.CauseAudienceMissing, remedy.Situation{}),
		}
	}
}

// describeReplacement describes what stands for aud.
func (e *evaluation) describeReplacement() finding {
	var got, want []string
	if prefix := e.terms.scopePrefix; prefix != "" {
		got, want = append(got, "scopes "+list(e.claims.Scopes())), append(want, "a scope that begins with "+quote.List(prefix))
	}
	if roles := e.terms.audienceRoles; len(roles) > 0 {
		got, want = append(got, "roles "+list(e.claims.Roles())), append(want, "one of the roles "+list(roles))
	}
	return finding{got: "no aud, " + strings.Join(got, ", "), want: strings.Join(want, ", or "), hint: e.remedy(audience.CauseAudienceMissing, remedy.Situation{})}
}

func (e *evaluation) describeSoleAudience() finding {
	if !e.rule.sole {
		return finding{}
	}
	return finding{
		got: "aud " + list(e.claims.Audience()), want: "no other than " + list(e.rule.audiences),
		hint: e.remedy(audience.CauseAudienceNotSole, remedy.Situation{}),
	}
}

func (e *evaluation) describeBinding() finding {
	bound := e.claims.Binding()
	thumbprint := "x5t#S256 " + quote.OrNone(bound)
	switch {
	case bound == "" && !e.terms.bound:
		return finding{}
	case bound == "":
		return finding{
			got: thumbprint, want: "a token that is bound to a certificate",
			hint: e.remedy(audience.CauseBindingMissing, remedy.Situation{}),
		}
	case e.offline:
		return finding{got: thumbprint, want: "a connection that shows this certificate, which was not checked"}
	case e.certificate == "":
		return finding{
			got: "no certificate", want: thumbprint,
			hint: "the token is bound to a certificate, and the connection shows none: is mutual TLS off, or ended before this server?",
		}
	default:
		return finding{got: "certificate with x5t#S256 " + quote.List(e.certificate), want: thumbprint}
	}
}

func (e *evaluation) describeEntry() finding {
	if !e.rule.WithoutEntry() {
		return finding{}
	}
	return finding{got: "no entry for the method", want: "an entry", hint: e.remedy(audience.CauseNoRule, remedy.Situation{})}
}
