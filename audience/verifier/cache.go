package verifier

import (
	"sync/atomic"
	"time"
)

// Cache sets how many verified tokens are remembered, so that a token which is
// sent again costs a hash instead of a signature; 16384 by default. Each takes about
// 1 KiB; a token of more than 2 KiB counts as several. When the cache is full, the
// tokens that were not used for the longest time are forgotten. Zero verifies every
// token every time.
//
// The cache remembers that a token is genuine, or for one second that it is not.
// Whether it is for this service, whether it has expired and what its caller may do
// is judged on every call. A token is forgotten when it expires, when the keys of the
// issuer change, and when [Verifier.Replace] changes the issuers. The cache holds
// digests under a key of this process, and no tokens.
func Cache(entries int) Option {
	return optionFunc(func(o *options) { o.cache = entries })
}

const (
	refusedTTL = time.Second // how long the cache remembers that a token is not genuine
	maxRefused = 1024        // such tokens in the cache
	entrySize  = 2 << 10     // the least size that an entry counts as, in bytes
)

// cache remembers which tokens are genuine.
type cache struct {
	counters *cacheCounters
	keyer    *keyer
	genuine  *boundedCache[*result]
	refused  *boundedCache[*result] // separate, so that a flood of forged tokens does not evict genuine ones
}

// cacheCounters are kept when the cache is replaced.
type cacheCounters struct{ hits, misses atomic.Uint64 }

// newCache returns a cache of this many genuine tokens; nil if it is 0.
func newCache(entries int, counters *cacheCounters) *cache {
	if entries == 0 {
		return nil
	}
	return &cache{
		counters: counters, keyer: newKeyer(),
		genuine: newBoundedCache[*result](entries * entrySize), refused: newBoundedCache[*result](maxRefused * entrySize),
	}
}

// find returns the cached result of a token, nil if there is none, and the token's
// key.
func (c *cache) find(raw string, now time.Time) (tokenKey, *result) {
	key := c.keyer.key(raw)
	for _, among := range []*boundedCache[*result]{c.genuine, c.refused} {
		found, ok := among.get(key, now)
		if !ok {
			continue
		}
		if found.current() {
			c.counters.hits.Add(1)
			return key, found
		}
		among.drop(key)
	}
	c.counters.misses.Add(1)
	return key, nil
}

// keep stores a result that depends on the keys of an issuer. The result of a token
// that has expired is kept as briefly as that of a token that is not genuine.
func (c *cache) keep(key tokenKey, size int, found *result, now time.Time) {
	size = max(size, entrySize)
	switch {
	case found.issuer == nil:
	case found.err == nil && found.claims.Expiry().After(now):
		c.genuine.put(key, found, size, now, earlier(found.end, found.claims.Expiry()))
	default:
		c.refused.put(key, found, size, now, earlier(found.end, now.Add(refusedTTL)))
	}
}

// current reports whether the keys that a result depends on are still the issuer's.
func (r *result) current() bool {
	keys := r.issuer.keys.current.Load()
	return keys != nil && keys.generation == r.keys
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// CacheStats are the statistics of the cache of verified tokens. The zero value is
// that of a verifier without a cache.
type CacheStats struct {
	// Entries are how many tokens are remembered, including those that have
	// expired.
	Entries int

	// Hits and Misses count the tokens that the cache knew, and those that it did
	// not know.
	Hits, Misses uint64
}

// CacheStats returns the statistics of the cache.
func (v *Verifier) CacheStats() CacheStats {
	s := CacheStats{Hits: v.counters.hits.Load(), Misses: v.counters.misses.Load()}
	if c := v.current.Load().cache; c != nil {
		s.Entries = c.genuine.len() + c.refused.len()
	}
	return s
}
