package tokensource

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"time"
)

const (
	maxToken    = 16 << 10
	maxLife     = 24 * time.Hour
	minLife     = time.Second
	unknownLife = 5 * time.Minute
)

// b64token is the syntax of a bearer token (RFC 6750, section 2.1).
var b64token = regexp.MustCompile(`^[A-Za-z0-9._~+/-]+=*$`)

// answer is what a minter got.
type answer struct {
	text   string
	expiry time.Time // as it was said beside the token; zero if it was not
	born   time.Time // when the token's life began; zero: now
	again  time.Time // when to ask again; zero: when the token's life tells
	client string    // who asked; empty if it has no name
}

// accept checks what came back for r, whatever it came from, and returns the token
// with its times.
func (s *Cache) accept(a answer, r Request) (kept[Token], error) {
	switch {
	case len(a.text) > maxToken:
		return kept[Token]{}, fmt.Errorf("%w: token of %d bytes, want at most %d", ErrUnavailable, len(a.text), maxToken)
	case !b64token.MatchString(a.text):
		return kept[Token]{}, fmt.Errorf("%w: token is empty, or has characters that a bearer token must not have", ErrUnavailable)
	case a.text == r.Subject.Reveal(), a.text == r.Actor.Reveal():
		return kept[Token]{}, fmt.Errorf("%w: a token that was to be exchanged came back itself, and is not sent to %s", ErrRefused, quote(r.Audience))
	}
	claims, isJWT := peek(a.text)
	if isJWT {
		if err := s.checkAudience(claims.audience, r, a.client); err != nil {
			return kept[Token]{}, err
		}
	}
	now := time.Now().Round(0)
	if err := a.expire(now, claims.expiry); err != nil {
		return kept[Token]{}, err
	}
	k := a.keep(now, r.Subject.Expiry())
	if !now.Before(k.good) {
		return kept[Token]{}, fmt.Errorf("%w: token ends at %v, too soon to be used", ErrUnavailable, a.expiry)
	}
	return k, nil
}

// checkAudience refuses a token that is not addressed to all that r names. One
// that is addressed to others as well is told of, or refused under SoleAudience.
func (s *Cache) checkAudience(got []string, r Request, client string) error {
	mismatch := func(want string) error {
		return &MismatchError{Want: want, Got: got, Hint: hint(s.options.server.known(), client, want, got)}
	}
	if len(got) == 0 && s.options.server.known().bare {
		return nil
	}
	wanted := r.audiences()
	for _, want := range wanted {
		if !slices.Contains(got, want) {
			return mismatch(want)
		}
	}
	extra := slices.DeleteFunc(slices.Clone(got), func(aud string) bool { return slices.Contains(wanted, aud) })
	switch {
	case len(extra) == 0:
		return nil
	case s.options.sole:
		return &MismatchError{Want: r.Audience, Got: got, Hint: "SoleAudience is set, and the token is for others as well"}
	}
	s.tell.extra(r.Audience, extra)
	return nil
}

// expire sets the token's end: the earlier of what was said beside it and its own
// exp, at most 24 h from now, and 5 min from now if there is neither. A token that
// has less than a second to live is refused, so that nobody fetches in a circle.
func (a *answer) expire(now, exp time.Time) error {
	end := now.Add(maxLife)
	if a.expiry.IsZero() && exp.IsZero() {
		end = now.Add(unknownLife)
	}
	for _, t := range []time.Time{a.expiry, exp} {
		if !t.IsZero() {
			end = earlier(end, t.Round(0))
		}
	}
	a.expiry = end
	if end.Before(now.Add(minLife)) {
		return fmt.Errorf("%w: token expires on arrival (expires_in, exp, or a clock is wrong)", ErrUnavailable)
	}
	return nil
}

// keep sets the times of a token: it is good until 30 s before its end, or a
// quarter of its life if that is less, and the next one is fetched when 20 % of
// what is left of its life is left, at least 60 s, at most half of it, the last
// fifth of that time being left to chance. The 30 s also cover the time that the
// answer took.
//
// No exchange gives a token beyond the subject's end. Whatever reaches it is kept
// until then, since to ask again would bring nothing later.
func (a *answer) keep(now, subject time.Time) kept[Token] {
	expiry := a.expiry
	if !subject.IsZero() && !expiry.Before(subject.Add(-2*time.Second)) {
		expiry = earlier(expiry, subject)
		return kept[Token]{NewToken(a.text, expiry), expiry, expiry}
	}
	life := expiry.Sub(now)
	left := min(max(life/5, time.Minute), life/2)
	left -= time.Duration(rand.Int64N(int64(left) / 5))
	next := expiry.Add(-left)
	if soonest := now.Add(time.Second); next.Before(soonest) {
		next = soonest
	}
	if !a.again.IsZero() {
		next = a.again
	}
	if !a.born.IsZero() {
		life = max(life, expiry.Sub(a.born))
	}
	return kept[Token]{NewToken(a.text, expiry), expiry.Add(-min(30*time.Second, life/4)), next}
}
