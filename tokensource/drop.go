package tokensource

import "time"

// Drop removes t, the token that c returned for r, after a server has refused it.
// The next call of Token waits for a new token, which is fetched no sooner than a
// second after the last fetch. Drop does nothing if c has another token for r by
// now. If the new token has the same text, a further Drop of it is ignored during a
// pause that grows each time, from 1 s to 120 s, so that a server which refuses
// everything causes no flood of requests.
func (c *Cache) Drop(r Request, t Token) {
	if e := c.find(&r); e != nil {
		e.drop(t, time.Now())
	}
}

func (e *entry) drop(t Token, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	again := sameText(e.dropped, t)
	if again && now.Before(e.ignoreDropsUntil) {
		return
	}
	for s := e.state.Load(); sameText(s.value, t); s = e.state.Load() {
		if !e.forget(s) {
			continue // a refresh has replaced the state meanwhile
		}
		if !again {
			e.dropped, e.drops = t, 0
		}
		e.ignoreDropsUntil = retryAt(now, e.drops, nil)
		e.drops++
	}
}

func sameText(a, b Token) bool { return !a.IsZero() && !b.IsZero() && a.Reveal() == b.Reveal() }
