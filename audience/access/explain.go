package access

import (
	"fmt"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/claims"
)

// Explanation is the whole story of one token against one rule, as data and,
// by String, as text. Like a [audience.Refusal] it is for the operator: it says what the
// rule wants, which the peer must not read. It holds no token.
type Explanation struct {
	// Service is the service of the matrix; empty for a public method.
	Service string

	// Entry is where the alternative stands that admits or got furthest, such
	// as "services.order-status.allow[0]". Empty for a public method.
	Entry string

	// Verdict is the cause of the refusal that [Rule.Judge] gives; empty means
	// that it admits.
	Verdict audience.Cause

	// Unproven reports that the token is bound to a certificate and that nobody
	// checked whether the caller holds it; see [Rule.ExplainOffline]. Without a
	// Verdict, the token is then admitted only over a connection that shows that
	// certificate.
	Unproven bool

	// Steps are the questions that the rule asks, in the order of asking. Those
	// after a refusal are answered too.
	Checks []Check
}

// Step is one question to a token, and its answer.
type Check struct {
	// Question is what is asked about: "audience".
	Name string

	// Got and Want are what came and what was asked for.
	Got, Want string

	// OK reports whether the answer is good. Where it is not, Cause says what
	// it would be refused for.
	OK    bool
	Cause audience.Cause

	// Hint is the likely mistake and its mending, if one can be told.
	Hint string
}

// Explain tells the whole story of a token with claims c that is presented as p
// says, by the questions that [Rule.Judge] asks. Nil claims stand for a call
// without a token; there is nothing to ask then.
func (r *Rule) Explain(c *claims.Claims, p Presentation) Explanation {
	return r.explain(c, p, false)
}

// ExplainOffline is [Rule.Explain] where there is a token at the time now, but no
// connection. Whether the caller holds the certificate that a token is bound to is
// not checked, and [Explanation.Unproven] says so.
func (r *Rule) ExplainOffline(c *claims.Claims, now time.Time) Explanation {
	e := r.explain(c, Presentation{Time: now}, true)
	e.Unproven = !r.public && c != nil && c.Binding() != ""
	return e
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
	q := r.inquire(c, p)
	q.offline = offline
	q, _ = q.alternative()
	e := Explanation{Service: r.service, Entry: q.demand.entry}
	e.ask(q, ofToken)
	e.ask(q, ofCaller)
	if r.also == nil {
		return e
	}
	admitted := e.Verdict == ""
	q.demand = r.also
	e.ask(q, ofCaller)
	if admitted && e.Verdict != "" {
		e.Entry = r.also.entry
	}
	return e
}

func (e *Explanation) ask(q inquiry, questions []question) {
	for _, question := range questions {
		e.add(question.about, question.ask(q), question.tell(q))
	}
}

// add appends a step, if the rule asks for it.
func (e *Explanation) add(about string, cause audience.Cause, a answer) {
	if a.want == "" {
		return
	}
	step := Check{Name: about, Got: a.got, Want: a.want, OK: cause == "", Cause: cause, Hint: a.hint}
	if step.OK {
		step.Hint = ""
	} else if e.Verdict == "" {
		e.Verdict = cause
	}
	e.Checks = append(e.Checks, step)
}

// String returns the story as lines: the verdict, then each question with its
// answer, and the hint below it.
func (e Explanation) String() string {
	var b strings.Builder
	switch {
	case e.Verdict != "":
		b.WriteString("refused: " + string(e.Verdict))
	case e.Unproven:
		b.WriteString("admitted, if the connection shows the certificate that the token is bound to,")
	default:
		b.WriteString("admitted")
	}
	if e.Entry != "" {
		b.WriteString(" by " + e.Entry)
	}
	for _, s := range e.Checks {
		mark := "ok"
		if !s.OK {
			mark = "NO"
		}
		fmt.Fprintf(&b, "\n  %s  %-13s  got %s, want %s", mark, s.Name, s.Got, s.Want)
		if s.Hint != "" {
			fmt.Fprintf(&b, "\n  %17s  %s", "", s.Hint)
		}
	}
	return b.String()
}
