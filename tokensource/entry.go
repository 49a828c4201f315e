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
	idle  = 10 * time.Minute // after which a token that nobody asks for is dropped
	sweep = time.Minute
)

// entry is the token of one key.
type entry struct {
	used atomic.Int64 // when it was last asked for, in Unix seconds
	gone atomic.Bool  // it is evicted, and another may take its place
	cell[Token]
	about TokenStats

	mu      sync.Mutex // guards what follows
	dropped Token      // the last that was
	drops   int        // in a row, of that text
	deaf    time.Time  // it is dropped again no sooner
}

func (s *Cache) newEntry(r Request, now time.Time) *entry {
	r.Also = slices.Clone(r.Also) // the caller may change its own
	e := &entry{about: TokenStats{Audience: r.Audience, Also: r.Also, Scope: canonical(r.Scope), Exchanged: !r.Subject.IsZero()}}
	e.touch(now) // so that it is not the next to go
	e.init(s.spawn, func(ctx context.Context) (kept[Token], error) {
		a, err := s.minter.mint(ctx, r)
		var k kept[Token]
		if err == nil {
			k, err = s.accept(a, r)
		}
		if err != nil && !a.again.IsZero() {
			err = &held{err, a.again}
		}
		return k, err
	})
	e.waited = s.tell.waited
	e.ended = func(before, after *state[Token]) {
		s.tell.fetched(e.about, before, after)
		s.sweep(time.Now())
	}
	return e
}

// touch notes that e is asked for. It writes at most once a second, so that the
// cores do not fight for it.
func (e *entry) touch(now time.Time) {
	if at := now.Unix(); e.used.Load() != at {
		e.used.Store(at)
	}
}

// ownKey is the key of a request that has nothing else, because it takes half the
// time to hash.
type ownKey struct{ audience, scope string }

func (r *Request) isOwn() bool {
	return r.Subject.IsZero() && r.Actor.IsZero() && r.SubjectIssuer == "" && len(r.Also) == 0
}

// entryOf returns the entry of r, which it makes if there is none.
func (s *Cache) entryOf(r *Request, now time.Time) (*entry, error) {
	if e := s.find(r); e != nil {
		return e, nil
	}
	return s.add(*r, now)
}

// find returns the entry of r, nil if there is none.
func (s *Cache) find(r *Request) *entry {
	var v any
	if r.isOwn() {
		v, _ = s.entries.Load(ownKey{r.Audience, canonical(r.Scope)})
	} else {
		v, _ = s.entries.Load(r.key())
	}
	e, _ := v.(*entry)
	return e
}

// add makes the entry of r, unless somebody else has.
func (s *Cache) add(r Request, now time.Time) (*entry, error) {
	if err := s.minter.check(r); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return nil, ErrClosed
	}
	if e := s.find(&r); e != nil {
		return e, nil
	}
	if s.size >= s.options.bound {
		s.evictLocked(now, max(1, s.options.bound/8))
	}
	e := s.newEntry(r, now)
	if r.isOwn() {
		s.entries.Store(ownKey{r.Audience, canonical(r.Scope)}, e)
	} else {
		s.entries.Store(r.key(), e)
	}
	s.size++
	return e, nil
}

// sweep evicts the idle entries, once a minute.
func (s *Cache) sweep(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.swept) >= sweep {
		s.evictLocked(now, 0)
	}
}

// evictLocked drops the idle entries, and at least so many of those that were not
// asked for the longest; within one second, tokens for subjects before the client's
// own.
func (s *Cache) evictLocked(now time.Time, least int) {
	s.swept = now
	type aged struct {
		key   any
		entry *entry
		used  int64 // as of now, so that their order holds
	}
	all := make([]aged, 0, s.size)
	s.entries.Range(func(k, v any) bool {
		e := v.(*entry)
		all = append(all, aged{k, e, e.used.Load()})
		return true
	})
	slices.SortFunc(all, func(a, b aged) int {
		return cmp.Or(cmp.Compare(a.used, b.used), cmp.Compare(a.entry.about.own(), b.entry.about.own()))
	})
	for i, a := range all {
		if i >= least && a.used >= now.Add(-idle).Unix() {
			break
		}
		a.entry.gone.Store(true)
		s.entries.Delete(a.key)
		s.size--
	}
}
