package verifier

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding"
	"sync/atomic"
	"time"
	"unsafe"
)

// Cache sets how many verified tokens are remembered, so that a token which is
// shown again costs a hash in place of a signature; by default 16384, rounded up
// to a multiple of 16, of which three quarters fit without any making room for
// another. Each takes about a KiB; one of more than two takes the room of
// several. Zero verifies each token each time.
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
	keyed   []byte // the state of a hash that has read a secret block, so that nobody can tell which tokens share a set
	genuine table
	refused table // apart, so that no flood of forged tokens evicts a good one
}

// newCache returns a cache of so many genuine tokens, nil for none.
func newCache(entries int, counts *counts) *cache {
	if entries == 0 {
		return nil
	}
	c := &cache{counts: counts, genuine: newTable(entries), refused: newTable(mostRefused)}
	var secret [sha256.BlockSize]byte
	rand.Read(secret[:]) // never fails
	h := sha256.New()
	h.Write(secret[:])
	c.keyed, _ = h.(encoding.BinaryMarshaler).MarshalBinary() // nor does this
	return c
}

// digest stands for a token.
type digest [sha256.Size]byte

// digest hashes a token behind the secret block.
func (c *cache) digest(raw string) (key digest) {
	h := sha256.New()
	if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(c.keyed); err != nil {
		panic("audience/verifier: a hash does not know its own state: " + err.Error())
	}
	h.Write(unsafe.Slice(unsafe.StringData(raw), len(raw))) // which it only reads: a copy would be for nothing
	h.Sum(key[:0])
	return key
}

// find returns what is known about a token, nil if nothing is, and its digest.
func (c *cache) find(raw string, now time.Time) (digest, *verdict) {
	key := c.digest(raw)
	for _, t := range []*table{&c.genuine, &c.refused} {
		if e := t.find(&key); e != nil && e.alive(now) {
			c.counts.hit()
			return key, &e.verdict
		}
	}
	c.counts.misses.Add(1)
	return key, nil
}

// keep remembers a verdict if the issuer's keys were what it was found by. A
// token that has ended is remembered as briefly as one that is not genuine.
func (c *cache) keep(key digest, size int, v verdict, now time.Time) {
	e := newEntry(key, size, v)
	switch {
	case v.by == nil:
	case v.err == nil && v.claims.Expiry().After(now):
		e.end = earlier(v.end, v.claims.Expiry())
		c.genuine.put(e, now)
	default:
		e.end = earlier(v.end, now.Add(briefly))
		c.refused.put(e, now)
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
	size int         // of the token, or the share of a set if that is more
	used atomic.Bool // since the hand of its set last came by
}

// newEntry returns an entry for a token of that digest and size.
func newEntry(key digest, size int, v verdict) *entry {
	return &entry{verdict: v, key: key, size: max(size, maxToken/ways)}
}

// alive reports whether the keys that an entry was found by are still those of
// the issuer, and it has not ended.
func (e *entry) alive(now time.Time) bool {
	keys := e.by.keys.current.Load()
	return keys != nil && keys.generation == e.keys && now.Before(e.end)
}
