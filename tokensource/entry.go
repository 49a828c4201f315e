package tokensource

import (
	"cmp"
	"context"
	"slices"
	"sync/atomic"
	"time"
)

const (
	idle  = 10 * time.Minute // after which a token that nobody asks for may be dropped
	sweep = time.Minute
)

// entry is the token of one key.
type entry struct {
	cell[Token]
	used atomic.Int64 // when it was last asked for, in Unix seconds
}

// touch notes that e is asked for. It writes at most once a second, so that the
// cores do not fight for it.
func (e *entry) touch(now time.Time) {
	if at := now.Unix(); e.used.Load() != at {
		e.used.Store(at)
	}
}

// add returns the entry of k, which it makes if there is none.
func (s *Source) add(k key, r Request, now time.Time) (*entry, error) {
	if err := r.check(s.issuer); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return nil, ErrClosed
	}
	if v, ok := s.entries.Load(k); ok {
		return v.(*entry), nil
	}
	s.makeRoomLocked(now)
	e := new(entry)
	e.touch(now) // so that it is not the next to go
	e.init(s.spawn, func(ctx context.Context) (kept[Token], error) { return s.mint(ctx, r) })
	s.entries.Store(k, e)
	s.size++
	return e, nil
}

// makeRoomLocked drops the idle entries once a minute, and if s is full, the
// eighth that was not asked for the longest.
func (s *Source) makeRoomLocked(now time.Time) {
	full := s.size >= s.options.bound
	if !full && now.Sub(s.swept) < sweep {
		return
	}
	s.swept = now
	type aged struct {
		key  any
		used int64
	}
	all := make([]aged, 0, s.size)
	s.entries.Range(func(k, v any) bool {
		all = append(all, aged{k, v.(*entry).used.Load()})
		return true
	})
	slices.SortFunc(all, func(a, b aged) int { return cmp.Compare(a.used, b.used) })
	surplus := 0
	if full {
		surplus = max(1, s.options.bound/8)
	}
	for i, a := range all {
		if i >= surplus && a.used >= now.Add(-idle).Unix() {
			break
		}
		s.entries.Delete(a.key)
		s.size--
	}
}
