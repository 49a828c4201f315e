package access

import (
	"slices"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/internal/quote"
)

// check is one of the things that a rule looks at, in the order of evidence.
type check uint8

const (
	// The token as such: whose it is, for whom, and whether it is valid now.
	checkIssuer check = iota
	checkAudience
	checkSoleAudience
	checkExpiry
	checkNotBefore
	checkIssuedAt
	checkLifetime
	checkAge
	checkBinding
	checkEntry // whether an entry is about the method at all

	// The caller, by one entry of the matrix: who calls, and what it may do.
	checkClient
	checkCallerKind
	checkScopes
	checkAnyScope
	checkRoles
	checkClaims
	checkLogin
	checkLoginAge
	checkOnline // the last one: the issuer is asked only if all others pass

	admitted // no check refuses
)

// checkNames are the names of the checks in an [Explanation].
var checkNames = [admitted]string{
	"issuer", "audience", "sole audience", "expiry", "not before", "issued at", "lifetime", "age", "binding", "entry",
	"client", "caller", "scopes", "any scope", "roles", "claims", "login", "login age", "online",
}

// evaluation is one rule applied to one token. The methods that return a cause
// decide; those that describe only render what was decided, so that [Rule.Judge]
// and [Rule.Explain] cannot disagree. Deciding allocates nothing.
type evaluation struct {
	rule        *Rule
	terms       *terms // of the token's issuer
	claims      *claims.Claims
	now         time.Time // wall time: another machine dated the token
	certificate string    // the thumbprint of the caller's, empty for none
	answer      Answer    // of the issuer, for an entry with online
	offline     bool      // there is no connection that could show a certificate, and no issuer is asked
}

func (r *Rule) evaluate(c *claims.Claims, p Presentation) evaluation {
	return evaluation{rule: r, terms: r.terms(c), claims: c, now: p.Time.Round(0), certificate: p.Certificate, answer: p.Answer}
}

// first returns the first check that refuses the call, and the demand that it
// belongs to; nil for a check of the token.
func (e *evaluation) first() (check, *demand) {
	for k := checkIssuer; k < checkClient; k++ {
		if e.tokenCause(k) != "" {
			return k, nil
		}
	}
	d, k := e.alternative()
	if k >= checkOnline && e.rule.extra != nil {
		if added := e.firstOf(e.rule.extra); added < k {
			d, k = e.rule.extra, added
		}
	}
	return k, d
}

// alternative returns the alternative that admits, or else the first of those in
// which the most checks passed; and the check of it that refuses.
func (e *evaluation) alternative() (best *demand, refused check) {
	for i := range e.rule.demands {
		d := &e.rule.demands[i]
		if k := e.firstOf(d); best == nil || k > refused {
			best, refused = d, k
		}
	}
	return best, refused
}

// firstOf returns the first check of a demand that refuses.
func (e *evaluation) firstOf(d *demand) check {
	for k := checkClient; k < admitted; k++ {
		if e.callerCause(k, d) != "" {
			return k
		}
	}
	return admitted
}

// cause returns why a check refuses, empty if it does not. d is nil for a check
// of the token.
func (e *evaluation) cause(k check, d *demand) audience.Cause {
	if d == nil {
		return e.tokenCause(k)
	}
	return e.callerCause(k, d)
}

// refusal returns the error of a check that refuses.
func (e *evaluation) refusal(k check, d *demand) *audience.Refusal {
	f := e.describe(k, d)
	refusal := &audience.Refusal{Cause: e.cause(k, d), Got: f.got, Want: f.want, Hint: f.hint, Challenge: f.challenge}
	if d != nil && d != e.rule.extra {
		refusal.Want = e.wanted(k)
	}
	return refusal
}

// wanted lists what the alternatives want that fail at the same check.
func (e *evaluation) wanted(k check) string {
	const most = 8
	var wants []string
	for i := range e.rule.demands {
		d := &e.rule.demands[i]
		if e.firstOf(d) != k {
			continue
		}
		if want := e.describeCaller(k, d).want; !slices.Contains(wants, want) && len(wants) < most {
			wants = append(wants, want)
		}
	}
	return strings.Join(wants, ", or ")
}

// finding describes a check for the operator: what the token has and what the
// rule wants. Where want is empty, the rule does not make the check.
type finding struct {
	got, want string
	hint      string // the likely mistake and its fix; only of interest if the check refuses
	challenge audience.Challenge
}

func (e *evaluation) describe(k check, d *demand) finding {
	if d == nil {
		return e.describeToken(k)
	}
	return e.describeCaller(k, d)
}

// unless returns the cause, or none if a check passes.
func unless(passes bool, cause audience.Cause) audience.Cause {
	if passes {
		return ""
	}
	return cause
}

// oneOf reports whether one of the wanted is there, or none is wanted.
func oneOf(has func(string) bool, wanted []string) bool {
	return len(wanted) == 0 || slices.ContainsFunc(wanted, has)
}

// stamp renders a time for the operator.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "none"
	}
	return t.UTC().Format(time.RFC3339)
}

// list renders values for the operator.
func list(values []string) string { return quote.List(values...) }
