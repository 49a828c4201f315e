package access

import (
	"crypto/subtle"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/internal/quote"
)

// ofToken are the questions about the token as such, in the order of asking:
// whose it is, whom it is for, and whether it is alive.
var ofToken = []question{
	{"issuer", inquiry.issuer, inquiry.tellIssuer, nil},
	{"audience", inquiry.audience, inquiry.tellAudience, nil},
	{"sole audience", inquiry.soleAudience, inquiry.tellSoleAudience, nil},
	{"expiry", inquiry.expiry, inquiry.tellExpiry, inquiry.expires},
	{"not before", inquiry.notBefore, inquiry.tellNotBefore, nil},
	{"issued at", inquiry.issuedAt, inquiry.tellIssuedAt, nil},
	{"lifetime", inquiry.lifetime, inquiry.tellLifetime, nil},
	{"age", inquiry.age, inquiry.tellAge, inquiry.tooOld},
	{"binding", inquiry.binding, inquiry.tellBinding, nil},
}

func (q inquiry) issuer() audience.Cause {
	return unless(q.claims.Issuer() == q.terms.issuer, audience.CauseIssuerNotAccepted)
}

func (q inquiry) tellIssuer() answer { return q.rule.issuerAnswer(q.claims.Issuer()) }

// issuerAnswer describes an iss beside those that the service accepts.
func (r *Rule) issuerAnswer(iss string) answer {
	var accepted []string
	for _, t := range r.issuers {
		accepted = append(accepted, t.issuer)
	}
	return answer{got: "iss " + quote.List(iss), want: quote.List(accepted...), hint: nearMiss([]string{iss}, accepted, "issuers")}
}

// audience asks whether the service finds itself in aud (RFC 7519, section
// 4.1.3). Only its own client's token may lack aud, or one of an issuer that
// sends none, whose scopes then name the service.
func (q inquiry) audience() audience.Cause {
	c := q.claims
	if c.Addressed() {
		return unless(slices.ContainsFunc(q.rule.audiences, c.HasAudience), audience.CauseAudienceMismatch)
	}
	own := q.rule.self != (party{}) && q.rule.self == (party{c.Issuer(), c.Client()})
	return unless(own || q.terms.scopePrefix != "" && slices.ContainsFunc(c.Scopes(), q.namesUs), audience.CauseAudienceMissing)
}

func (q inquiry) namesUs(scope string) bool {
	return strings.HasPrefix(scope, q.terms.scopePrefix)
}

func (q inquiry) tellAudience() answer {
	c := q.claims
	switch {
	case c.Addressed():
		return answer{
			got: "aud " + quote.List(c.Audience()...), want: quote.List(q.rule.audiences...),
			hint: audienceHint(c, q.rule.audiences),
		}
	case q.terms.scopePrefix != "":
		return answer{got: "no aud, scopes " + quote.List(c.Scopes()...), want: "a scope that begins with " + quote.List(q.terms.scopePrefix)}
	default:
		return answer{
			got: "no aud", want: quote.List(q.rule.audiences...),
			hint: "the client asked for a token without an audience, or the issuer ignored the one it asked for",
		}
	}
}

func (q inquiry) soleAudience() audience.Cause {
	return unless(!q.rule.sole || q.claims.AddressedOnlyTo(q.rule.audiences), audience.CauseAudienceNotSole)
}

func (q inquiry) tellSoleAudience() answer {
	if !q.rule.sole {
		return answer{}
	}
	return answer{
		got: "aud " + quote.List(q.claims.Audience()...), want: "no other than " + quote.List(q.rule.audiences...),
		hint: "whoever else the token is meant for could use it here: ask for one token for each service",
	}
}

// expiry: RFC 7519, section 4.1.4.
func (q inquiry) expiry() audience.Cause {
	return unless(q.now.Before(q.expires()), audience.CauseExpired)
}

func (q inquiry) expires() time.Time { return q.claims.Expiry().Add(q.terms.leeway) }

func (q inquiry) tellExpiry() answer {
	return answer{got: "exp " + stamp(q.claims.Expiry()), want: fmt.Sprintf("after %s (now less %v leeway)", stamp(q.now.Add(-q.terms.leeway)), q.terms.leeway)}
}

// notBefore: RFC 7519, section 4.1.5.
func (q inquiry) notBefore() audience.Cause { return q.past(q.claims.NotBefore()) }

func (q inquiry) tellNotBefore() answer { return q.tellPast("nbf ", q.claims.NotBefore()) }

// issuedAt: RFC 7519, section 4.1.6.
func (q inquiry) issuedAt() audience.Cause { return q.past(q.claims.IssuedAt()) }

func (q inquiry) tellIssuedAt() answer { return q.tellPast("iat ", q.claims.IssuedAt()) }

func (q inquiry) past(t time.Time) audience.Cause {
	return unless(!t.After(q.now.Add(q.terms.leeway)), audience.CauseNotYetValid)
}

func (q inquiry) tellPast(claim string, t time.Time) answer {
	return answer{
		got: claim + stamp(t), want: "by " + stamp(q.now.Add(q.terms.leeway)),
		hint: "the clocks of issuer and service differ",
	}
}

// life is from iat to exp, or from now on where the token has no iat.
func (q inquiry) life() time.Duration {
	born := q.claims.IssuedAt()
	if born.IsZero() {
		born = q.now
	}
	return q.claims.Expiry().Sub(born)
}

func (q inquiry) lifetime() audience.Cause {
	return unless(q.life() <= q.terms.maxLifetime, audience.CauseLifetimeTooLong)
}

func (q inquiry) tellLifetime() answer {
	return answer{got: q.life().String(), want: "at most " + q.terms.maxLifetime.String()}
}

// age refuses what cannot show its age where that matters.
func (q inquiry) age() audience.Cause {
	young := !q.claims.IssuedAt().IsZero() && q.now.Before(q.tooOld())
	return unless(q.terms.maxAge == 0 || young, audience.CauseTokenTooOld)
}

func (q inquiry) tooOld() time.Time {
	if q.terms.maxAge == 0 {
		return time.Time{}
	}
	return q.claims.IssuedAt().Add(q.terms.maxAge + q.terms.leeway)
}

func (q inquiry) tellAge() answer {
	if q.terms.maxAge == 0 {
		return answer{}
	}
	return answer{got: "iat " + stamp(q.claims.IssuedAt()), want: "after " + stamp(q.now.Add(-q.terms.maxAge-q.terms.leeway))}
}

// binding: RFC 8705, section 3.
func (q inquiry) binding() audience.Cause {
	bound := q.claims.Binding()
	switch {
	case bound == "":
		return unless(!q.terms.bound, audience.CauseBindingMissing)
	case q.offline:
		return ""
	default:
		return unless(subtle.ConstantTimeCompare([]byte(bound), []byte(q.certificate)) == 1, audience.CauseBindingMismatch)
	}
}

func (q inquiry) tellBinding() answer {
	bound := q.claims.Binding()
	switch {
	case bound == "" && !q.terms.bound:
		return answer{}
	case bound == "":
		return answer{
			got: "x5t#S256 none", want: "a token that is bound to a certificate",
			hint: "the client must ask for it over mutual TLS, and the issuer must bind what it issues",
		}
	case q.offline:
		return answer{got: "x5t#S256 " + quote.List(bound), want: "a connection that shows this certificate, which was not checked"}
	case q.certificate == "":
		return answer{
			got: "no certificate", want: "x5t#S256 " + quote.List(bound),
			hint: "the token is bound to a certificate, and the connection shows none: is mutual TLS off, or ended before this server?",
		}
	default:
		return answer{got: "certificate with x5t#S256 " + quote.List(q.certificate), want: "x5t#S256 " + quote.List(bound)}
	}
}

// unless returns the cause, or none if the answer is good.
func unless(good bool, cause audience.Cause) audience.Cause {
	if good {
		return ""
	}
	return cause
}

// stamp renders a time for the operator.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "none"
	}
	return t.UTC().Format(time.RFC3339)
}
