package verifier

import (
	"container/list"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"
)

// tokenKey identifies a token in a cache. It is a digest under a key of this process:
// nobody can compute the token from it, or find two tokens with the same digest.
type tokenKey [sha256.Size]byte

// keyer computes the tokenKey of tokens.
type keyer struct{ secret [sha256.BlockSize]byte }

func newKeyer() *keyer {
	k := new(keyer)
	rand.Read(k.secret[:]) // never fails
	return k
}

// key returns the key of a token. The text is hashed in parts: with a buffer on the stack
// that holds it all, the stack of each call would have to grow.
func (k *keyer) key(raw string) (key tokenKey) {
	hash := sha256.New()
	hash.Write(k.secret[:])
	var part [2 * sha256.BlockSize]byte
	for raw != "" {
		n := copy(part[:], raw)
		hash.Write(part[:n])
		raw = raw[n:]
	}
	hash.Sum(key[:0])
	return key
}

// boundedCache keeps values by token. Each value has a size, and the sum of the sizes
// is at most the size of the cache. A full shard first drops what has expired, and
// then what was not used for the longest time. A boundedCache is safe for concurrent
// use.
type boundedCache[V any] struct{ shards []cacheShard[V] }

// A cache has several shards, each with a lock of its own. A small cache has one, since
// a shard must have room for some tokens of the largest size.
const (
	cacheShards = 16
	smallCache  = 64 * maxToken
)

type cacheShard[V any] struct {
	limit int

	mu       sync.Mutex // guards the fields below
	size     int
	entries  map[tokenKey]*list.Element
	recent   list.List // of *cacheEntry[V], the last used first
	firstEnd time.Time // no entry expires earlier; zero if there is none
}

type cacheEntry[V any] struct {
	key   tokenKey
	value V
	size  int
	end   time.Time
}

// newBoundedCache returns a cache of this size.
func newBoundedCache[V any](size int) *boundedCache[V] {
	n := cacheShards
	if size < smallCache {
		n = 1
	}
	c := &boundedCache[V]{make([]cacheShard[V], n)}
	for i := range c.shards {
		c.shards[i].limit = size / n
		c.shards[i].entries = map[tokenKey]*list.Element{}
	}
	return c
}

func (c *boundedCache[V]) shard(key tokenKey) *cacheShard[V] {
	return &c.shards[binary.NativeEndian.Uint64(key[:])%uint64(len(c.shards))]
}

// get returns the value of a token; false if there is none or it has expired.
func (c *boundedCache[V]) get(key tokenKey, now time.Time) (value V, ok bool) {
	s := c.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	element, ok := s.entries[key]
	if !ok {
		return value, false
	}
	e := element.Value.(*cacheEntry[V])
	if !now.Before(e.end) {
		s.removeLocked(element)
		return value, false
	}
	s.recent.MoveToFront(element)
	return e.value, true
}

// put stores the value of a token until end. It replaces an earlier value.
func (c *boundedCache[V]) put(key tokenKey, value V, size int, now, end time.Time) {
	s := c.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if element, ok := s.entries[key]; ok {
		s.removeLocked(element)
	}
	if s.size+size > s.limit {
		s.dropExpiredLocked(now)
	}
	for s.size+size > s.limit && s.recent.Len() > 0 {
		s.removeLocked(s.recent.Back())
	}
	if s.firstEnd.IsZero() || end.Before(s.firstEnd) {
		s.firstEnd = end
	}
	s.size += size
	s.entries[key] = s.recent.PushFront(&cacheEntry[V]{key, value, size, end})
}

// drop removes the value of a token.
func (c *boundedCache[V]) drop(key tokenKey) {
	s := c.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if element, ok := s.entries[key]; ok {
		s.removeLocked(element)
	}
}

// len returns the number of values, including expired ones.
func (c *boundedCache[V]) len() (n int) {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		n += s.recent.Len()
		s.mu.Unlock()
	}
	return n
}

func (s *cacheShard[V]) removeLocked(element *list.Element) {
	e := s.recent.Remove(element).(*cacheEntry[V])
	delete(s.entries, e.key)
	s.size -= e.size
}

// dropExpiredLocked drops what has expired. It reads all entries, but only if one of
// them can have expired since it did so last.
func (s *cacheShard[V]) dropExpiredLocked(now time.Time) {
	if now.Before(s.firstEnd) {
		return
	}
	s.firstEnd = time.Time{}
	for element := s.recent.Front(); element != nil; {
		next := element.Next()
		switch end := element.Value.(*cacheEntry[V]).end; {
		case !now.Before(end):
			s.removeLocked(element)
		case s.firstEnd.IsZero() || end.Before(s.firstEnd):
			s.firstEnd = end
		}
		element = next
	}
}
