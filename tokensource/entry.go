package tokensource

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	idleTimeout   = 10 * time.Minute // after which a token that nobody requests is removed
	sweepInterval = time.Minute
)

// entry is the cached token of one key.
type entry struct {
	used atomic.Int64 // when it was last requested, in Unix seconds
	cachedValue[Token]
	identity TokenStats // what the token is for; the other fields are zero

	mu               sync.Mutex // guards the fields below
	dropped          Token      // the last dropped token
	drops            int        // in a row, of a token with that text
	ignoreDropsUntil time.Time  // of a token with that text
}

func (c *Cache) newEntry(r Request, now time.Time) *entry {
	r.Also = slices.Clone(r.Also) // the caller may change its own
	e := &entry{identity: TokenStats{Audience: r.Audience, Also: r.Also, Scope: canonical(r.Scope), Exchanged: !r.Subject.IsZero()}}
	e.markUsed(now) // so that it is not the next to be evicted
	e.init(c.background.run, func(ctx context.Context) (timed[Token], error) {
		fetched, err := c.fetcher.fetch(ctx, r)
		var token timed[Token]
		if err == nil {
			token, err = c.accept(fetched, r)
		}
		if err != nil && !fetched.nextFetch.IsZero() {
			err = &retryAtError{err, fetched.nextFetch}
		}
		return token, err
	})
	e.onWait = func(d time.Duration) { c.observer.metrics.waited(e.identity.Audience, d) }
	e.onRefresh = func(before, after *state[Token]) {
		c.observer.refreshed(e.identity, before, after)
		c.sweep(time.Now())
	}
	return e
}

// markUsed records that e was requested. It writes at most once a second, to keep
// processors from contending for the cache line.
func (e *entry) markUsed(now time.Time) {
	if at := now.Unix(); e.used.Load() != at {
		e.used.Store(at)
	}
}

// ownKey is the key of a request without a subject and other extras. It takes half
// the time of a key to hash.
type ownKey struct{ audience, scope string }

func (r *Request) isOwn() bool {
	return r.Subject.IsZero() && r.Actor.IsZero() && r.SubjectIssuer == "" && len(r.Also) == 0
}

// entryOf returns the entry of r, and creates it if there is none.
func (c *Cache) entryOf(r *Request, now time.Time) (*entry, error) {
	if e := c.find(r); e != nil {
		return e, nil
	}
	return c.add(*r, now)
}

// find returns the entry of r, nil if there is none.
func (c *Cache) find(r *Request) *entry {
	var v any
	if r.isOwn() {
		v, _ = c.entries.Load(ownKey{r.Audience, canonical(r.Scope)})
	} else {
		v, _ = c.entries.Load(r.key())
	}
	e, _ := v.(*entry)
	return e
}

// add creates the entry of r, unless another caller has.
func (c *Cache) add(r Request, now time.Time) (*entry, error) {
	if err := c.fetcher.check(r); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.background.stopped() {
		return nil, ErrClosed
	}
	if e := c.find(&r); e != nil {
		return e, nil
	}
	if c.size >= c.options.bound {
		c.evictLocked(now, max(1, c.options.bound/8))
	}
	e := c.newEntry(r, now)
	if r.isOwn() {
		c.entries.Store(ownKey{r.Audience, canonical(r.Scope)}, e)
	} else {
		c.entries.Store(r.key(), e)
	}
	c.size++
	return e, nil
}

// sweep removes the idle entries, at most once a minute.
func (c *Cache) sweep(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.swept) >= sweepInterval {
		c.evictLocked(now, 0)
	}
}

// evictLocked removes the idle entries, and at least this many of the least recently
// used ones; within one second, tokens for subjects before the client's own.
func (c *Cache) evictLocked(now time.Time, least int) {
	c.swept = now
	type candidate struct {
		key   any
		entry *entry
		used  int64 // a copy, so that the order holds while callers mark entries
	}
	all := make([]candidate, 0, c.size)
	c.entries.Range(func(k, v any) bool {
		e := v.(*entry)
		all = append(all, candidate{k, e, e.used.Load()})
		return true
	})
	slices.SortFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.used, b.used), exchangedFirst(a.entry.identity, b.entry.identity))
	})
	for i, a := range all {
		if i >= least && a.used >= now.Add(-idleTimeout).Unix() {
			break
		}
		c.entries.Delete(a.key)
		c.size--
	}
}
