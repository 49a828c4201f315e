package tokensource

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"time"

	"github.com/grpcaud/grpcaud/internal/provider"
	"github.com/grpcaud/grpcaud/internal/remedy"
	"github.com/grpcaud/grpcaud/tokensource/internal/jwt"
)

const (
	maxTokenSize    = 16 << 10 // bytes
	maxLifetime     = 24 * time.Hour
	minLifetime     = time.Second
	defaultLifetime = 5 * time.Minute // of a token that does not say when it ends
)

// b64token is the syntax of a bearer token (RFC 6750, section 2.1).
var b64token = regexp.MustCompile(`^[A-Za-z0-9._~+/-]+=*$`)

// fetchedToken is the result of a fetch, before it is checked.
type fetchedToken struct {
	text      string
	expiry    time.Time // as stated beside the token; zero if it was not
	issued    time.Time // when the token's life began; zero: now
	nextFetch time.Time // when to fetch again; zero: by the token's lifetime
	client    string    // the id of the client that requested it; empty if it has none
	ofUser    bool      // the token of a user who has logged in, which may have any audience
}

// accept checks a fetched token for r, wherever it came from, and returns it with its
// times.
func (c *Cache) accept(f fetchedToken, r Request) (timed[Token], error) {
	switch {
	case len(f.text) > maxTokenSize:
		return timed[Token]{}, fmt.Errorf("%w: token of %d bytes, want at most %d", ErrUnavailable, len(f.text), maxTokenSize)
	case !b64token.MatchString(f.text):
		return timed[Token]{}, fmt.Errorf("%w: token is empty, or has characters that a bearer token must not have", ErrUnavailable)
	case f.text == r.Subject.Reveal(), f.text == r.Actor.Reveal():
		return timed[Token]{}, fmt.Errorf("%w: the exchange returned the token that was to be exchanged, and it is not sent to %s", ErrRefused, quote(r.Audience))
	}
	claims, isJWT := jwt.Read(f.text)
	if isJWT && !f.ofUser {
		if err := c.checkAudience(claims.Audience, r, f.client); err != nil {
			return timed[Token]{}, err
		}
	}
	if claims.InvalidExpiry {
		return timed[Token]{}, fmt.Errorf("%w: exp of the token is no date, so that no server accepts it", ErrUnavailable)
	}
	now := time.Now().Round(0)
	if err := f.limit(now, claims.Expiry); err != nil {
		return timed[Token]{}, err
	}
	t := f.schedule(now, r.Subject.Expiry())
	if !now.Before(t.usableUntil) {
		return timed[Token]{}, fmt.Errorf("%w: token expires at %v, too soon to be used", ErrUnavailable, f.expiry)
	}
	return t, nil
}

// checkAudience refuses a token that is not addressed to all audiences of r. Further
// audiences are logged, or refused under SoleAudience.
func (c *Cache) checkAudience(got []string, r Request, client string) error {
	var from provider.Provider
	about := remedy.Situation{Names: provider.Names{Audience: r.Audience, Client: client}}
	if s, ok := c.fetcher.(*authorizationServer); ok {
		from, about = s.provider, s.known(r.Audience, client)
	}
	if len(got) == 0 && from.Token.NoAudience {
		return nil
	}
	wanted := r.audiences()
	for _, want := range wanted {
		if !slices.Contains(got, want) {
			about.Audience, about.Got = want, got
			return &MismatchError{Want: want, Got: got, Hint: about.Mismatch()}
		}
	}
	extra := slices.DeleteFunc(slices.Clone(got), func(aud string) bool { return slices.Contains(wanted, aud) })
	switch {
	case len(extra) == 0:
		return nil
	case c.options.soleAudience:
		return &MismatchError{Want: r.Audience, Got: got, Hint: "SoleAudience is set, and the token has further audiences"}
	}
	c.observer.extraAudiences(r.Audience, extra)
	return nil
}

// limit sets the token's end: the earlier one of what was stated beside it and its own
// exp, at most 24 h from now, and 5 min from now if there is neither. A token that
// has less than a second to live is refused, to prevent a fetch loop.
func (f *fetchedToken) limit(now, exp time.Time) error {
	end := now.Add(maxLifetime)
	if f.expiry.IsZero() && exp.IsZero() {
		end = now.Add(defaultLifetime)
	}
	for _, t := range []time.Time{f.expiry, exp} {
		if !t.IsZero() && t.Before(end) {
			end = t.Round(0)
		}
	}
	f.expiry = end
	if end.Before(now.Add(minLifetime)) {
		return fmt.Errorf("%w: token expires on arrival (expires_in, exp, or a clock is wrong)", ErrUnavailable)
	}
	return nil
}

// schedule sets the times of a token. It is usable until 30 s before its end, or a
// quarter of its lifetime if that is less; the 30 s also cover the time that the
// answer took. The next fetch is due when 20 % of the remaining lifetime is left, at
// least 60 s, at most half of it. A random part of at most a fifth of that is taken
// off, to spread the fetches.
//
// A token that an exchange gives does not outlive its subject. If its end is the
// subject's, it is used until then, since another exchange could give no later end.
func (f *fetchedToken) schedule(now, subject time.Time) timed[Token] {
	expiry := f.expiry
	if !subject.IsZero() && !expiry.Before(subject.Add(-2*time.Second)) {
		if subject.Before(expiry) {
			expiry = subject
		}
		return timed[Token]{NewToken(f.text, expiry), expiry, expiry}
	}
	lifetime := expiry.Sub(now)
	left := min(max(lifetime/5, time.Minute), lifetime/2)
	left -= time.Duration(rand.Int64N(int64(left) / 5))
	next := expiry.Add(-left)
	if soonest := now.Add(time.Second); next.Before(soonest) {
		next = soonest
	}
	if !f.nextFetch.IsZero() {
		next = f.nextFetch
	}
	if !f.issued.IsZero() {
		lifetime = max(lifetime, expiry.Sub(f.issued))
	}
	return timed[Token]{NewToken(f.text, expiry), expiry.Add(-min(30*time.Second, lifetime/4)), next}
}
