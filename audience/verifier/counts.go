package verifier

import (
	"sync"
	"sync/atomic"
)

// CacheFigures are how the cache of verified tokens stands. The zero value is
// that of a verifier without one.
type CacheStats struct {
	// Entries are how many tokens are remembered, those included that would not
	// be found any more.
	Entries int

	// Hits and Misses count the tokens that were remembered, and those that
	// were not.
	Hits, Misses uint64
}

// CacheFigures returns the figures of the cache.
func (v *Verifier) CacheStats() CacheStats {
	f := CacheStats{Misses: v.counts.misses.Load()}
	for n := range v.counts.hits {
		f.Hits += v.counts.hits[n].Load()
	}
	if c := v.current.Load().cache; c != nil {
		f.Entries = c.genuine.entries() + c.refused.entries()
	}
	return f
}

func (t *table) entries() (n int) {
	for _, half := range t {
		for i := range half {
			for j := range half[i].entries {
				if half[i].entries[j].Load() != nil {
					n++
				}
			}
		}
	}
	return n
}

// counts are the counters of a cache. Those of hits are many, each on a line of
// memory of its own, so that processors do not wait for each other.
type counts struct {
	misses atomic.Uint64
	hits   [64]struct {
		atomic.Uint64
		_ [56]byte
	}
	next atomic.Uint32 // of hits
	pool sync.Pool     // of those of hits that are in use
}

// hit counts a token that was remembered. The pool gives a processor the counter
// that it had before.
func (c *counts) hit() {
	n, ok := c.pool.Get().(*atomic.Uint64)
	if !ok {
		n = &c.hits[int(c.next.Add(1))%len(c.hits)].Uint64
	}
	n.Add(1)
	c.pool.Put(n)
}
