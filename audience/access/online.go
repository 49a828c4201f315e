package access

import (
	"time"

	"github.com/grpcaud/grpcaud/audience/claims"
)

// maxAnswerAge is the longest time for which an answer of an issuer may count for an
// entry with online.
const maxAnswerAge = time.Minute

// AsksIssuer reports whether [Rule.Judge] admits the call only if the issuer of the token
// calls it active: all other demands hold, and no entry admits the call without an
// answer. It also returns how old that answer may be when the call arrives. The caller
// of AsksIssuer asks the issuer, and gives the answer to Judge in p.
func (r *Rule) AsksIssuer(c *claims.Claims, p Presentation) (maxAge time.Duration, asks bool) {
	if !r.online || c == nil {
		return 0, false
	}
	e := r.evaluate(c, p)
	if k, _ := e.first(); k != checkOnline {
		return 0, false
	}
	return e.answerAge(), true
}

// answerAge returns how old an answer may be, if checkOnline is the first check that
// refuses: the longest time of the alternatives, within that of the .proto file.
func (e *evaluation) answerAge() time.Duration {
	longest, needed := time.Duration(0), true
	for i := range e.rule.demands {
		switch d := &e.rule.demands[i]; e.firstOf(d) {
		case checkOnline:
			longest = max(longest, d.answerAge)
		case admitted:
			needed = false
		}
	}
	switch extra := e.rule.extra; {
	case extra == nil || !extra.online:
		return longest
	case !needed:
		return extra.answerAge
	default:
		return min(longest, extra.answerAge)
	}
}

// active reports whether the issuer calls the token active, by an answer that is young
// enough for d.
func (e *evaluation) active(d *demand) bool {
	return e.answer.Active && e.answer.Age <= d.answerAge
}

func (e *evaluation) describeOnline(d *demand) finding {
	f := finding{got: "no answer of the issuer", want: "the issuer to call the token active, asked for this call"}
	if d.answerAge > 0 {
		f.want = "the issuer to call the token active, asked at most " + d.answerAge.String() + " before this call"
	}
	switch {
	case e.answer.Active:
		f.got = "active, asked " + e.answer.Age.String() + " before this call"
	case e.offline:
		f.got = "an issuer that was not asked"
	}
	return f
}

// asksOnline reports whether an entry of r, or the .proto file, has online.
func (r *Rule) asksOnline() bool {
	for i := range r.demands {
		if r.demands[i].online {
			return true
		}
	}
	return r.extra != nil && r.extra.online
}
