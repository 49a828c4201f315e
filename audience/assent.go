package audience

import (
	"sync/atomic"
	"time"
)

// assent is a rule's yes to the bearer of a token, and from when to when time
// alone makes no difference to it. Everything else that it was given for is
// immutable: the rule, and the claims that keep it.
type assent struct {
	rule        *Rule
	from, until time.Time
	next        *assent
	size        int // of the list from here on
}

// assents are those to one token, the latest first. They spare a token that
// comes again the questions that it has answered. The zero value has none.
type assents struct{ latest atomic.Pointer[assent] }

// given reports whether r says yes at the time now, as far as is known.
func (s *assents) given(r *Rule, now time.Time) bool {
	for a := s.latest.Load(); a != nil; a = a.next {
		if a.rule == r {
			return !now.Before(a.from) && now.Before(a.until)
		}
	}
	return false
}

// give keeps a for next time. A token is used for few methods at a time, and the
// rules of old policies are not asked again: when there are many, the older ones
// are forgotten.
func (s *assents) give(a *assent) {
	const most = 4
	known := s.latest.Load()
	if a.size = 1; known != nil && known.size < most {
		a.next, a.size = known, known.size+1
	}
	s.latest.CompareAndSwap(known, a) // who loses a race asks again
}
