package verifier

import (
	"crypto"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

const (
	maxDropped = 256  // dropped keys of one issuer that are kept
	maxSeen    = 1024 // kids of tokens that are not in the set

	// maxCandidates is how many dropped keys are tried for a token: those that were dropped
	// last. A token without a kid, or with a kid that many keys had, would otherwise cost
	// as many verifications as there are dropped keys.
	maxCandidates = 2
)

// droppedKey is a key that an earlier set had and the present one lacks. A single set
// without it may come from a stale node of the issuer: calls are refused at once, but
// running streams end only when a second fetch has confirmed it.
type droppedKey struct {
	key       *key
	since     time.Time // when the fetch began that first lacked the key
	confirmed bool      // a fetch at least one cool-down later lacked the key too
}

// droppedKeys has the keys that left a key set. The lock of its owner guards it.
type droppedKeys struct {
	cooldown time.Duration
	changes  *atomic.Uint64 // of all key sets of a verifier; may be nil
	keys     []droppedKey
	first    time.Time // when the first fetch began that returned keys; zero if there is none
	doubted  bool      // the key of a running stream was in no set: a second fetch must confirm that
}

// compare records which keys of old, which may be nil, are missing in the new set,
// which dropped keys are in it again, and which are confirmed as dropped. began is
// when the fetch of the new set began.
func (l *droppedKeys) compare(old, new *snapshot, began time.Time) {
	changed := l.first.IsZero()
	if changed {
		l.first = began
	}
	l.keys = slices.DeleteFunc(l.keys, func(lost droppedKey) bool { return new.holds(lost.key) })
	for n := range l.keys {
		if lost := &l.keys[n]; !lost.confirmed && began.Sub(lost.since) >= l.cooldown {
			lost.confirmed, changed = true, true
		}
	}
	if l.doubted && began.Sub(l.first) >= l.cooldown {
		l.doubted, changed = false, true
	}
	if old != nil {
		for _, k := range old.keys {
			if !new.holds(k) {
				l.keys, changed = append(l.keys, droppedKey{key: k, since: began}), true
			}
		}
	}
	if more := len(l.keys) - maxDropped; more > 0 {
		l.keys = slices.Delete(l.keys, 0, more)
	}
	if changed && l.changes != nil {
		l.changes.Add(1)
	}
}

// due returns the time of the fetch that confirms the earliest drop; false if there is
// nothing to confirm.
func (l *droppedKeys) due() (at time.Time, ok bool) {
	if l.doubted {
		at, ok = l.first.Add(l.cooldown), true
	}
	for _, lost := range l.keys {
		if confirm := lost.since.Add(l.cooldown); !lost.confirmed && (!ok || confirm.Before(at)) {
			at, ok = confirm, true
		}
	}
	return at, ok
}

// has reports whether a key with this kid was dropped. It is false for an empty kid.
func (l *droppedKeys) has(kid string) bool {
	return kid != "" && slices.ContainsFunc(l.keys, func(lost droppedKey) bool { return lost.key.id == kid })
}

// candidates returns the dropped keys that may have signed a token with this header,
// the most recently dropped first.
func (l *droppedKeys) candidates(kid, alg string) []droppedKey {
	var found []droppedKey
	for _, lost := range slices.Backward(l.keys) {
		if (kid == "" || lost.key.id == kid) && slices.Contains(lost.key.algs, alg) {
			found = append(found, lost)
		}
		if len(found) == maxCandidates {
			break
		}
	}
	return found
}

// holds reports whether s has the same key for the same algorithms.
func (s *snapshot) holds(k *key) bool {
	return slices.ContainsFunc(s.keys, func(other *key) bool {
		public, ok := k.public.(interface{ Equal(crypto.PublicKey) bool })
		return ok && k.id == other.id && slices.Equal(k.algs, other.algs) && public.Equal(other.public)
	})
}

// droppedKeyOf returns the dropped key that signed a token; nil if none of the
// candidates did.
func (k *keySet) droppedKeyOf(token *compact) *droppedKey {
	k.mu.Lock()
	candidates := k.lost.candidates(token.kid, token.alg)
	k.mu.Unlock()
	for n := range candidates {
		if token.signedBy(candidates[n].key) {
			return &candidates[n]
		}
	}
	return nil
}

// isKnownMissing reports whether the key of a token is known to be missing, so that no
// call needs to wait for another set. That is so in three cases: an earlier set had
// the key; the token was issued before s was fetched, by more than the leeway; or s
// was fetched after a token with this kid first came, and this token was not issued
// after that fetch. A kid that comes for the first time is recorded.
func (k *keySet) isKnownMissing(token *compact, s *snapshot, leeway time.Duration) bool {
	if k.fetch == nil {
		return true // static keys never change
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.lost.has(token.kid) || token.olderThan(s, leeway) {
		return true
	}
	first, again := k.seen[token.kid]
	if !again {
		k.rememberLocked(token.kid)
		return false
	}
	return s.number > first && !token.payload.IssuedAt().After(s.fetched)
}

// rememberLocked records that a token with this kid came. If there are too many kids,
// any other one is removed.
func (k *keySet) rememberLocked(kid string) {
	if k.seen == nil {
		k.seen = map[string]uint64{}
	}
	if len(k.seen) >= maxSeen {
		for other := range k.seen {
			delete(k.seen, other)
			break
		}
	}
	k.seen[strings.Clone(kid)] = k.begun.Load()
}
