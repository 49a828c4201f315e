package verifier

import (
	"sync"
	"sync/atomic"
)

// CacheFigures are how the cache of verified tokens stands. The zero value is
// that of a verifier without one.
type CacheFigures struct {
	// Entries are how many tokens are remembered, those included that would not
	// be found any more.
	Entries int

	// Hits and Misses count the tokens that were remembered, and those that
	// were not.
	Hits, Misses uint64
}

// CacheFigures returns the figures of the cache.
func (v *Verifier) CacheFigures() CacheFigures {
	f := CacheFigures{Misses: v.counts.misses.Load()}
	for n := range v.counts.hits {
		f.Hits += v.counts.hits[n].Load()
	}
	if c := v.current.Load().cache; c != nil {
		f.Entries = c.genuine.entries() + c.refused.entries()
	}
	return f
}

func (t table) entries() (n int) {
	for i := range t {
		for j := range t[i].entries {
			if t[i].entries[j].Load() != nil {
				n++
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
	pool sync.Pool     // of *scratch
}

// scratch is what looking for a token needs. The pool gives a processor the one
// that it had before, and so the same counter.
type scratch struct {
	text []byte
	hits *atomic.Uint64
}

func (c *counts) scratch() *scratch {
	if s, ok := c.pool.Get().(*scratch); ok {
		return s
	}
	n := int(c.next.Add(1)) % len(c.hits)
	return &scratch{text: make([]byte, 0, 2<<10), hits: &c.hits[n].Uint64}
}
