package verifier

import (
	"crypto"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

const (
	maxLost = 256  // keys of one issuer that are remembered after they left its set
	maxSeen = 1024 // kids that its set lacks and a token has named

	// maxCandidates is how many lost keys a token is tried with: those that were lost
	// last. A stranger's token that names no key, or a name that many keys had, would
	// otherwise cost as many verifications as there are lost keys.
	maxCandidates = 2
)

// lostKey is a key that an earlier set had and the one at hand lacks. One set
// that lacks it may be the answer of a stale node of the issuer: calls are
// refused at once, running streams only when a second fetch has confirmed it.
type lostKey struct {
	key       *key
	since     time.Time // when the fetch began that first lacked it
	confirmed bool      // a fetch at least one cool-down later lacked it too
}

// lostKeys remembers what left a key set. Its owner's lock guards it.
type lostKeys struct {
	cooldown time.Duration
	changes  *atomic.Uint64 // of all key sets of a verifier; may be nil
	keys     []lostKey
	first    time.Time // when the first fetch began that brought keys; zero if none did
	doubted  bool      // a running stream has a key that no set had: a second fetch must settle it
}

// compare notes which keys of old, which may be nil, the new set lacks, which of
// those that were lost it has again, and which are lost for good. began is when
// the fetch of the new set began.
func (l *lostKeys) compare(old, new *snapshot, began time.Time) {
	changed := l.first.IsZero()
	if changed {
		l.first = began
	}
	l.keys = slices.DeleteFunc(l.keys, func(lost lostKey) bool { return new.holds(lost.key) })
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
				l.keys, changed = append(l.keys, lostKey{key: k, since: began}), true
			}
		}
	}
	if more := len(l.keys) - maxLost; more > 0 {
		l.keys = slices.Delete(l.keys, 0, more)
	}
	if changed && l.changes != nil {
		l.changes.Add(1)
	}
}

// due returns the time of the fetch that confirms the earliest loss, and false
// if there is nothing to confirm.
func (l *lostKeys) due() (at time.Time, ok bool) {
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

// has reports whether a key of that name was lost. A token without kid names
// none.
func (l *lostKeys) has(kid string) bool {
	return kid != "" && slices.ContainsFunc(l.keys, func(lost lostKey) bool { return lost.key.id == kid })
}

// candidates returns the lost keys that may have signed a token with this header,
// the last ones first.
func (l *lostKeys) candidates(kid, alg string) []lostKey {
	var found []lostKey
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

// holds reports whether s has this very key, for the same algorithms.
func (s *snapshot) holds(k *key) bool {
	return slices.ContainsFunc(s.keys, func(other *key) bool {
		public, ok := k.public.(interface{ Equal(crypto.PublicKey) bool })
		return ok && k.id == other.id && slices.Equal(k.algs, other.algs) && public.Equal(other.public)
	})
}

// lostKeyOf returns the lost key that signed a token, nil if none of those that were
// lost last did.
func (k *keySet) lostKeyOf(token *compact) *lostKey {
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

// knownLack reports whether s is known to lack the key that a token names, so
// that nobody need wait for another set: an earlier one had the key, or s was
// fetched after a token with that kid first came, unless this token says that it
// is newer than s, or the token says that it is older than s. What no token has
// come with before is remembered.
func (k *keySet) knownLack(token *compact, s *snapshot, leeway time.Duration) bool {
	if k.fetch == nil {
		return true // no other keys will ever come
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

// rememberLocked notes that a token with this kid came, in the place of any other
// if there are too many.
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
