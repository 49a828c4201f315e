package audience

import (
	"fmt"
	"slices"
	"strings"
	"time"
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
	binding,
}

// binding stands by itself, so that [Rule.CheckBinding] can ask it too.
var binding = question{"binding", inquiry.binding, inquiry.tellBinding, nil}

func (q inquiry) issuer() Cause {
	return unless(q.claims.issuer == q.terms.issuer, CauseIssuerNotAccepted)
}

func (q inquiry) tellIssuer() answer {
	var ours []string
	for _, t := range q.rule.issuers {
		ours = append(ours, t.issuer)
	}
	return answer{
		got: "iss " + quoted(q.claims.issuer), want: quoted(ours...),
		hint: nearMiss([]string{q.claims.issuer}, ours, "issuers"),
	}
}

// audience asks whether the service finds itself in aud (RFC 7519, section
// 4.1.3). Only its own client's token may lack aud, or one of an issuer that
// sends none, whose scopes then name the service.
func (q inquiry) audience() Cause {
	c := q.claims
	if len(c.audience) > 0 {
		return unless(slices.ContainsFunc(c.audience, q.ours), CauseAudienceMismatch)
	}
	own := q.rule.self != (party{}) && q.rule.self == (party{c.issuer, c.client})
	return unless(own || slices.ContainsFunc(c.scopes, q.namesUs), CauseAudienceMissing)
}

func (q inquiry) ours(aud string) bool { return slices.Contains(q.rule.audiences, aud) }

func (q inquiry) namesUs(scope string) bool {
	return q.terms.scopePrefix != "" && strings.HasPrefix(scope, q.terms.scopePrefix)
}

func (q inquiry) tellAudience() answer {
	c := q.claims
	switch {
	case len(c.audience) > 0:
		return answer{
			got: "aud " + quoted(c.audience...), want: quoted(q.rule.audiences...),
			hint: audienceHint(c, q.rule.audiences),
		}
	case q.terms.scopePrefix != "":
		return answer{got: "no aud, scopes " + quoted(c.scopes...), want: "a scope that begins with " + quoted(q.terms.scopePrefix)}
	default:
		return answer{
			got: "no aud", want: quoted(q.rule.audiences...),
			hint: "the client asked for a token without an audience, or the issuer ignored the one it asked for",
		}
	}
}

func (q inquiry) soleAudience() Cause {
	if !q.rule.sole {
		return ""
	}
	for _, aud := range q.claims.audience {
		if !q.ours(aud) {
			return CauseAudienceNotSole
		}
	}
	return ""
}

func (q inquiry) tellSoleAudience() answer {
	if !q.rule.sole {
		return answer{}
	}
	return answer{
		got: "aud " + quoted(q.claims.audience...), want: "no other than " + quoted(q.rule.audiences...),
		hint: "whoever else the token is meant for could use it here: ask for one token for each service",
	}
}

// expiry: RFC 7519, section 4.1.4.
func (q inquiry) expiry() Cause {
	return unless(q.now.Before(q.expires()), CauseExpired)
}

func (q inquiry) expires() time.Time { return q.claims.expiry.Add(q.terms.leeway) }

func (q inquiry) tellExpiry() answer {
	return answer{got: "exp " + stamp(q.claims.expiry), want: fmt.Sprintf("after %s (now less %v leeway)", stamp(q.now.Add(-q.terms.leeway)), q.terms.leeway)}
}

// notBefore: RFC 7519, section 4.1.5.
func (q inquiry) notBefore() Cause { return q.past(q.claims.notBefore) }

func (q inquiry) tellNotBefore() answer { return q.tellPast("nbf ", q.claims.notBefore) }

// issuedAt: RFC 7519, section 4.1.6.
func (q inquiry) issuedAt() Cause { return q.past(q.claims.issuedAt) }

func (q inquiry) tellIssuedAt() answer { return q.tellPast("iat ", q.claims.issuedAt) }

func (q inquiry) past(t time.Time) Cause {
	return unless(!t.After(q.now.Add(q.terms.leeway)), CauseNotYetValid)
}

func (q inquiry) tellPast(claim string, t time.Time) answer {
	return answer{
		got: claim + stamp(t), want: "by " + stamp(q.now.Add(q.terms.leeway)),
		hint: "the clocks of issuer and service differ",
	}
}

// life is from iat to exp, or from now on where the token has no iat.
func (q inquiry) life() time.Duration {
	born := q.claims.issuedAt
	if born.IsZero() {
		born = q.now
	}
	return q.claims.expiry.Sub(born)
}

func (q inquiry) lifetime() Cause {
	return unless(q.life() <= q.terms.maxLifetime, CauseLifetimeTooLong)
}

func (q inquiry) tellLifetime() answer {
	return answer{got: q.life().String(), want: "at most " + q.terms.maxLifetime.String()}
}

// age refuses what cannot show its age where that matters.
func (q inquiry) age() Cause {
	young := !q.claims.issuedAt.IsZero() && q.now.Before(q.tooOld())
	return unless(q.terms.maxAge == 0 || young, CauseTokenTooOld)
}

func (q inquiry) tooOld() time.Time {
	if q.terms.maxAge == 0 {
		return time.Time{}
	}
	return q.claims.issuedAt.Add(q.terms.maxAge + q.terms.leeway)
}

func (q inquiry) tellAge() answer {
	if q.terms.maxAge == 0 {
		return answer{}
	}
	return answer{got: "iat " + stamp(q.claims.issuedAt), want: "after " + stamp(q.now.Add(-q.terms.maxAge-q.terms.leeway))}
}

// binding: RFC 8705, section 3.
func (q inquiry) binding() Cause {
	return unless(!q.terms.bound || q.claims.binding != "", CauseBindingMissing)
}

func (q inquiry) tellBinding() answer {
	if !q.terms.bound {
		return answer{}
	}
	return answer{
		got: "x5t#S256 " + orNone(q.claims.binding), want: "a token that is bound to a certificate",
		hint: "the client must ask for it over mutual TLS, and the issuer must bind what it issues",
	}
}

// unless returns the cause, or none if the answer is good.
func unless(good bool, cause Cause) Cause {
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
