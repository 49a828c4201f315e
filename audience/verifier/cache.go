package verifier

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"
)

// Cache sets how many verified tokens are remembered, so that a token which is
// shown again costs a hash in place of a signature; by default 32768, rounded up
// to a multiple of 16. Each takes about a KiB, and one that is larger takes the
// room of several. Zero verifies each token each time.
//
// What is remembered is that a token is genuine, or for a second that it is not;
// for whom it is, whether it has ended and what its bearer may do is judged on
// every call. It is forgotten when the token ends, when the issuer's keys
// change, and when [Verifier.Replace] changes the issuers. The tokens themselves
// are not kept, only digests of them under a key of this process.
func Cache(entries int) Option {
	return optionFunc(func(o *options) { o.cache = entries })
}

const (
	briefly     = time.Second // how long a token is known for not genuine
	mostRefused = 1024        // of which so many are remembered
)

// cache remembers verdicts. Finding one takes no lock and, but for a mark that
// seldom changes, writes nothing that other processors read.
type cache struct {
	counts  *counts
	prefix  [sha256.Size]byte // nobody can tell which tokens share a set
	genuine table
	refused table // apart, so that no flood of forged tokens evicts a good one
}

// newCache returns a cache of so many genuine tokens, nil for none.
func newCache(entries int, counts *counts) *cache {
	if entries == 0 {
		return nil
	}
	c := &cache{counts: counts, genuine: newTable(entries), refused: newTable(mostRefused)}
	rand.Read(c.prefix[:]) // never fails
	return c
}

// digest stands for a token.
type digest [sha256.Size]byte

// find returns what is known about a token, nil if nothing is, and its digest.
func (c *cache) find(raw string) (digest, *verdict) {
	s := c.counts.scratch()
	defer c.counts.pool.Put(s)
	s.text = append(append(s.text[:0], c.prefix[:]...), raw...)
	key := digest(sha256.Sum256(s.text))
	clear(s.text) // no token is kept
	now := time.Now()
	for _, t := range []*table{&c.genuine, &c.refused} {
		if e := t.set(key).find(key); e != nil && e.alive(now) {
			s.hits.Add(1)
			return key, &e.verdict
		}
	}
	c.counts.misses.Add(1)
	return key, nil
}

// keep remembers a verdict if the issuer's keys were what it was found by. A
// token that has ended is remembered as briefly as one that is not genuine.
func (c *cache) keep(key digest, size int, v verdict) {
	now := time.Now()
	e := &entry{verdict: v, key: key, size: size}
	switch {
	case v.by == nil:
	case v.err == nil && v.claims.Expiry().After(now):
		e.end = earlier(v.end, v.claims.Expiry())
		c.genuine.set(key).put(e, now)
	default:
		e.end = earlier(v.end, now.Add(briefly))
		c.refused.set(key).put(e, now)
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// entry is a verdict in a table.
type entry struct {
	verdict
	key  digest
	size int         // of the token
	used atomic.Bool // since the hand of its set last came by
}

// alive reports whether the keys that an entry was found by are still those of
// the issuer, and it has not ended.
func (e *entry) alive(now time.Time) bool {
	keys := e.by.keys.current.Load()
	return keys != nil && keys.generation == e.keys && now.Before(e.end)
}

// table holds entries in sets, each of which holds those of some digests. So it
// has a bound without a list that all would share.
type table []set

const ways = 16 // entries of a set

func newTable(entries int) table { return make(table, (entries+ways-1)/ways) }

func (t table) set(key digest) *set {
	n, _ := bits.Mul64(binary.NativeEndian.Uint64(key[:]), uint64(len(t)))
	return &t[n]
}

// set is the part of a table that a digest can be in. It holds tokens of
// [maxToken] bytes together, so that large ones make it hold fewer.
type set struct {
	tags    [ways]atomic.Uint32 // of the entries' keys, so that others need not be looked at
	entries [ways]atomic.Pointer[entry]

	mu   sync.Mutex // guards changes
	hand int        // where the next to be evicted is looked for
}

func (k *digest) tag() uint32 { return binary.NativeEndian.Uint32(k[8:]) }

func (s *set) find(key digest) *entry {
	tag := key.tag()
	for n := range s.tags {
		if s.tags[n].Load() != tag {
			continue
		}
		if e := s.entries[n].Load(); e != nil && e.key == key {
			if !e.used.Load() {
				e.used.Store(true)
			}
			return e
		}
	}
	return nil
}

// put adds an entry in the place of one of the same key, of dead ones, and, as
// far as it needs room, of those that were not used since the hand last came by.
func (s *set) put(e *entry, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	free, size := -1, e.size
	for n := range s.entries {
		switch old := s.entries[n].Load(); {
		case old == nil || old.key == e.key || !old.alive(now):
			s.entries[n].Store(nil)
			free = n
		default:
			size += old.size
		}
	}
	for step := 0; free < 0 || size > maxToken; step++ {
		n := s.hand
		s.hand = (n + 1) % ways
		old := s.entries[n].Load()
		if old == nil || step < ways && old.used.Swap(false) {
			continue
		}
		s.entries[n].Store(nil)
		free, size = n, size-old.size
	}
	s.tags[free].Store(e.key.tag())
	s.entries[free].Store(e)
}
