package audience

import (
	"slices"
	"strings"
	"time"
)

// question is one of the things that a rule asks. Judging asks, explaining
// tells; there is one list for both.
type question struct {
	about string
	ask   func(inquiry) Cause  // empty if the answer is good; allocates nothing
	tell  func(inquiry) answer // the answer for the operator, good or not
}

// answer is what a token says to a question. One whose want is empty belongs
// to a question that the rule leaves open.
type answer struct {
	got, want, hint string
	challenge       Challenge
}

// inquiry puts the questions of a rule to a token. It is passed by value, so
// that it stays off the heap.
type inquiry struct {
	rule   *Rule
	terms  *terms  // those for the token's issuer
	demand *demand // the alternative at hand, nil while the token alone is asked about
	claims *Claims
	now    time.Time
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

// furthest returns the inquiry at the alternative that holds, or else at the
// first of those that got furthest; and the index of the question that refused.
func (q inquiry) furthest() (inquiry, int) {
	best, most := q, -1
	for i := range q.rule.demands {
		q.demand = &q.rule.demands[i]
		if at := q.first(ofCaller); at > most {
			best, most = q, at
		}
	}
	return best, most
}

// wants tells what each alternative that failed at the same question wanted.
func (q inquiry) wants(at int) string {
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
func (q inquiry) refusal(of question) *Refusal {
	a := of.tell(q)
	return &Refusal{Cause: of.ask(q), Got: a.got, Want: a.want, Hint: a.hint, Challenge: a.challenge}
}
