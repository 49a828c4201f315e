package access

import (
	"slices"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/claims"
)

// question is one of the things that a rule asks. Judging asks, explaining
// tells; there is one list for both.
type question struct {
	about string
	ask   func(inquiry) audience.Cause // empty if the answer is good; allocates nothing
	tell  func(inquiry) answer         // the answer for the operator, good or not

	// until returns from when on a good answer is a bad one, the zero time for
	// never; nil where time spoils no answer.
	until func(inquiry) time.Time
}

// answer is what a token says to a question. One whose want is empty belongs
// to a question that the rule leaves open.
type answer struct {
	got, want, hint string
	challenge       audience.Challenge
}

// inquiry puts the questions of a rule to a token. It is passed by value, so
// that it stays off the heap.
type inquiry struct {
	rule   *Rule
	terms  *terms  // those for the token's issuer
	demand *demand // the alternative at hand, nil while the token alone is asked about
	claims *claims.Claims
	now    time.Time

	certificate string // the thumbprint of the one that came with the token; empty for none
	offline     bool   // nobody knows which certificate comes with the token
}

// first returns the index of the first question that refuses, or their number
// if none does.
func (q inquiry) first(questions []question) int {
	for i := range questions {
		if questions[i].ask(q) != "" {
			return i
		}
	}
	return len(questions)
}

// furthest returns the inquiry at the demand that refuses, and the index of the
// question that did: at the alternative, or at what is demanded besides if one
// holds.
func (q inquiry) furthest() (inquiry, int) {
	best, at := q.alternative()
	if at == len(ofCaller) && q.rule.also != nil {
		best.demand = q.rule.also
		at = best.first(ofCaller)
	}
	return best, at
}

// alternative returns the inquiry at the alternative that holds, or else at the
// first of those that got furthest; and the index of the question that refused.
func (q inquiry) alternative() (inquiry, int) {
	best, most := q, -1
	for i := range q.rule.demands {
		q.demand = &q.rule.demands[i]
		if at := q.first(ofCaller); at > most {
			best, most = q, at
		}
	}
	return best, most
}

// until returns from when on one of the questions of a rule that admits refuses:
// those about the token, about the alternative that holds, and about what is
// demanded besides.
func (q inquiry) until() time.Time {
	alternative, _ := q.alternative()
	soonest := sooner(q.soonest(ofToken), alternative.soonest(ofCaller))
	if q.demand = q.rule.also; q.demand != nil {
		soonest = sooner(soonest, q.soonest(ofCaller))
	}
	return soonest
}

// soonest returns from when on one of the questions refuses that does not now;
// the zero time for never.
func (q inquiry) soonest(questions []question) time.Time {
	var soonest time.Time
	for i := range questions {
		if questions[i].until != nil {
			soonest = sooner(soonest, questions[i].until(q))
		}
	}
	return soonest
}

// sooner returns the earlier of two times; the zero time stands for never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// wants tells what each alternative that failed at the same question wanted.
func (q inquiry) wants(at int) string {
	if q.demand == q.rule.also {
		return ofCaller[at].tell(q).want
	}
	const most = 8
	var wants []string
	for i := range q.rule.demands {
		q.demand = &q.rule.demands[i]
		if q.first(ofCaller) != at {
			continue
		}
		if want := ofCaller[at].tell(q).want; !slices.Contains(wants, want) && len(wants) < most {
			wants = append(wants, want)
		}
	}
	return strings.Join(wants, ", or ")
}

// refusal is the answer to a question that refuses, as an error.
func (q inquiry) refusal(of question) *audience.Refusal {
	a := of.tell(q)
	return &audience.Refusal{Cause: of.ask(q), Got: a.got, Want: a.want, Hint: a.hint, Challenge: a.challenge}
}
