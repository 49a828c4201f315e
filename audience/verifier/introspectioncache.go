package verifier

import (
	"errors"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/claims"
)

const (
	maxActive   = 8192             // answers about active tokens that are kept
	maxInactive = 1024             // answers about other tokens that are kept
	inactiveTTL = 10 * time.Second // how long those are valid at most

	maxStaleAnswer = 60 * time.Second // how long an answer may be used after its time while the issuer cannot be asked
)

// answer is the answer of an issuer about a token, or the reason why there is none.
type answer struct {
	claims *claims.Claims // nil if there is an error
	err    error
	began  time.Time // when the question was sent
	until  time.Time // when the issuer must be asked again, in wall time
	stale  time.Time // until when the answer may be used while the issuer cannot be asked
	end    time.Time // when it is dropped; until then it shows that the token was active
}

// introspectionCache keeps the answers of an issuer about its tokens. Answers about
// active tokens have a limit of their own, so that a flood of forged tokens does not
// evict them.
type introspectionCache struct {
	keyer            *keyer
	active, inactive *boundedCache[*answer]
}

func newIntrospectionCache() *introspectionCache {
	return &introspectionCache{newKeyer(), newBoundedCache[*answer](maxActive), newBoundedCache[*answer](maxInactive)}
}

// fresh returns the answer about a token that is valid now; nil if the issuer must be
// asked.
func (c *introspectionCache) fresh(key tokenKey, now time.Time) *answer {
	for _, among := range []*boundedCache[*answer]{c.active, c.inactive} {
		if kept, ok := among.get(key, now); ok && now.Before(kept.until) {
			return kept
		}
	}
	return nil
}

// since returns the answer about a token to a question that was sent at the time asked or
// later; nil if there is none. A clock that was set, or a machine that was suspended,
// makes no answer younger.
func (c *introspectionCache) since(key tokenKey, asked, now time.Time) *answer {
	for _, among := range []*boundedCache[*answer]{c.active, c.inactive} {
		kept, ok := among.get(key, now)
		if ok && !kept.began.Before(asked) && !kept.began.Round(0).Before(asked.Round(0)) {
			return kept
		}
	}
	return nil
}

// lastActive returns the last answer about a token, however old, if the token was
// active and has not expired; otherwise nil.
func (c *introspectionCache) lastActive(key tokenKey, now time.Time) *answer {
	kept, _ := c.active.get(key, now)
	return kept
}

// store keeps an answer. The answer that a token is not active replaces an earlier
// one; a failure to get an answer does not.
func (c *introspectionCache) store(key tokenKey, a *answer) {
	now := time.Now()
	if a.err == nil {
		c.active.put(key, a, 1, now, a.end)
		c.inactive.drop(key)
		return
	}
	if !errors.Is(a.err, audience.CauseIntrospectionUnavailable) {
		c.active.drop(key)
	}
	c.inactive.put(key, a, 1, now, a.end)
}
