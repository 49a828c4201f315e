package access

import (
	"fmt"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/claims"
)

// Explanation says how one rule judges one token, check by check, as data and, by
// String, as text. Like an [audience.Refusal] it is for the operator: it says what
// the rule wants, which the peer must not read. It holds no token.
type Explanation struct {
	// Service is the service of the matrix; empty for a public method.
	Service string

	// Entry is the place of the alternative that admits the call, or of the one in
	// which the most checks passed, such as "services.order-status.allow[0]".
	// Empty for a public method.
	Entry string

	// Purpose says why that entry is there; the zero value if the matrix does not say it.
	Purpose Purpose

	// Verdict is the cause of the refusal that [Rule.Judge] returns; empty means
	// that it admits.
	Verdict audience.Cause

	// Unproven reports that the token is bound to a certificate and that it was not
	// checked whether the caller holds it; see [Rule.ExplainOffline]. If Verdict is
	// empty, the token is then admitted only over a connection that shows that
	// certificate.
	Unproven bool

	// Unasked reports that the rule admits the call only if the issuer calls the token
	// active, and that the issuer was not asked; see [Rule.ExplainOffline].
	Unasked bool

	// Checks are what the rule checks, in this order. Those after a refusal are
	// made too. Judge refuses exactly if one of them is not OK, with the cause of
	// the first such.
	Checks []Check
}

// Check is one thing that a rule looks at in a token.
type Check struct {
	// Name is what is checked, such as "audience".
	Name string

	// Got and Want are what the token has and what the rule wants.
	Got, Want string

	// OK reports whether the check passes. If it does not, Cause says what the
	// call is refused for.
	OK    bool
	Cause audience.Cause

	// Hint is the likely mistake and its fix, if one is known.
	Hint string
}

// Explain says how [Rule.Judge] judges a token with claims c that is presented as
// p says, with every check that it makes. Nil claims stand for a call without a
// token, for which there are no checks.
func (r *Rule) Explain(c *claims.Claims, p Presentation) Explanation {
	return r.explain(c, p, false)
}

// ExplainOffline is [Rule.Explain] for a token without a connection, at the time
// now. It does not check whether the caller holds the certificate that a token is
// bound to, and [Explanation.Unproven] says so. It asks no issuer, and
// [Explanation.Unasked] says so.
func (r *Rule) ExplainOffline(c *claims.Claims, now time.Time) Explanation {
	x := r.explain(c, Presentation{Time: now}, true)
	x.Unproven = !r.public && c != nil && c.Binding() != ""
	if r.online && c != nil {
		e := r.evaluate(c, Presentation{Time: now, Certificate: c.Binding()})
		k, _ := e.first()
		x.Unasked = k == checkOnline
	}
	return x
}

func (r *Rule) explain(c *claims.Claims, p Presentation, offline bool) Explanation {
	switch {
	case r.public:
		return Explanation{}
	case c == nil && r.optional:
		return Explanation{Service: r.service}
	case c == nil:
		return Explanation{Service: r.service, Verdict: audience.CauseCredentialsMissing}
	}
	eval := r.evaluate(c, p)
	eval.offline = offline
	if r.WithoutEntry() {
		x := Explanation{Service: r.service}
		x.add(&eval, checkIssuer, checkClient, nil)
		return x
	}
	d, _ := eval.alternative()
	x := Explanation{Service: r.service, Entry: d.entry, Purpose: d.purpose}
	x.add(&eval, checkIssuer, checkClient, nil)
	x.add(&eval, checkClient, checkOnline, d)
	if r.extra == nil {
		x.add(&eval, checkOnline, admitted, d)
		return x
	}
	x.addExtra(&eval, checkClient, checkOnline)
	x.add(&eval, checkOnline, admitted, d)
	x.addExtra(&eval, checkOnline, admitted)
	return x
}

// addExtra adds those checks that the .proto file demands.
func (x *Explanation) addExtra(eval *evaluation, first, end check) {
	admits := x.Verdict == ""
	x.add(eval, first, end, eval.rule.extra)
	if admits && x.Verdict != "" {
		x.Entry, x.Purpose = eval.rule.extra.entry, eval.rule.extra.purpose
	}
}

// add adds those checks from first to before end that the rule makes.
func (x *Explanation) add(eval *evaluation, first, end check, d *demand) {
	for k := first; k < end; k++ {
		f, cause := eval.describe(k, d), eval.cause(k, d)
		if f.want == "" && cause == "" {
			continue
		}
		if x.Verdict == "" {
			x.Verdict = cause
		}
		c := Check{Name: checkNames[k], Got: f.got, Want: f.want, OK: cause == "", Cause: cause}
		if !c.OK {
			c.Hint = f.hint
		}
		x.Checks = append(x.Checks, c)
	}
}

// String returns the explanation as lines: the verdict, then each check, and the
// hint below it.
func (x Explanation) String() string {
	var b strings.Builder
	b.WriteString(x.verdict())
	if x.Entry != "" {
		b.WriteString(" by " + x.Entry)
	}
	for _, c := range x.Checks {
		mark := "ok"
		if !c.OK {
			mark = "NO"
		}
		fmt.Fprintf(&b, "\n  %s  %-13s  got %s, want %s", mark, c.Name, c.Got, c.Want)
		if c.Hint != "" {
			fmt.Fprintf(&b, "\n  %17s  %s", "", c.Hint)
		}
	}
	return b.String()
}

// verdict returns the verdict, with what was not checked.
func (x Explanation) verdict() string {
	var ifs []string
	if x.Unproven {
		ifs = append(ifs, "the connection shows the certificate that the token is bound to")
	}
	if x.Unasked {
		ifs = append(ifs, "the issuer, asked at the call, says that the token is active")
	}
	switch {
	case x.Verdict != "":
		return "refused: " + string(x.Verdict)
	case len(ifs) > 0:
		return "admitted, if " + strings.Join(ifs, " and ") + ","
	default:
		return "admitted"
	}
}
