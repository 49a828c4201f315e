package tokensource

import "time"

// Drop has s forget t, the token that it gave for r and that a server has refused;
// the next call of Token waits for another one, which is asked for no sooner than
// a second after the last answer. Drop does nothing if s has another token for r
// by now. If the other one has the same text, a further Drop of it counts only
// after a pause that grows each time, from 1 s to 120 s, so that a server which
// refuses everything causes no storm.
func (s *Cache) Drop(r Request, t Token) {
	if e := s.find(&r); e != nil {
		e.drop(t, time.Now())
	}
}

func (e *entry) drop(t Token, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	again := sameText(e.dropped, t)
	if again && now.Before(e.deaf) {
		return
	}
	for s := e.state.Load(); sameText(s.value, t); s = e.state.Load() {
		if !e.forget(s) {
			continue // a fetch has ended meanwhile
		}
		if !again {
			e.dropped, e.drops = t, 0
		}
		e.deaf = retry(now, e.drops, nil)
		e.drops++
	}
}

func sameText(a, b Token) bool { return !a.IsZero() && !b.IsZero() && a.Reveal() == b.Reveal() }
