package verifier

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// BoundedCache is a cache whose tokens are numbers.
type BoundedCache struct{ cache *boundedCache[int] }

// NewBoundedCache returns a cache of that size.
func NewBoundedCache(size int) *BoundedCache { return &BoundedCache{newBoundedCache[int](size)} }

func keyOf(n int) tokenKey { return sha256.Sum256(binary.NativeEndian.AppendUint64(nil, uint64(n))) }

// Put keeps a number of that size for that time.
func (c *BoundedCache) Put(n, size int, ttl time.Duration) {
	now := time.Now()
	c.cache.put(keyOf(n), n, size, now, now.Add(ttl))
}

// Has reports whether a number is there, and uses it.
func (c *BoundedCache) Has(n int) bool {
	got, ok := c.cache.get(keyOf(n), time.Now())
	return ok && got == n
}

// Drop drops a number.
func (c *BoundedCache) Drop(n int) { c.cache.drop(keyOf(n)) }

// Len returns how many numbers there are.
func (c *BoundedCache) Len() int { return c.cache.len() }

// Key returns what stands for a token in a cache of its own.
func Key(raw string) [sha256.Size]byte { return newKeyer().key(raw) }
