package interceptor

import (
	"maps"
	"sync"
	"sync/atomic"
)

// table is a map that grows to a bound and never shrinks. Reading takes no
// lock and allocates nothing; each addition copies the map.
type table[K comparable, V any] struct {
	bound int
	now   atomic.Pointer[map[K]V]
	mu    sync.Mutex // serializes additions
}

func (t *table[K, V]) load() map[K]V {
	if now := t.now.Load(); now != nil {
		return *now
	}
	return nil
}

// add returns the value of key: the one that is there, else the one that fresh
// makes. It is false if key is not there and the table is full.
func (t *table[K, V]) add(key K, fresh func() V) (V, bool) {
	if now := t.load(); len(now) >= t.bound {
		v, ok := now[key]
		return v, ok // no lock for strangers to queue at
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.load()
	if v, ok := now[key]; ok || len(now) >= t.bound {
		return v, ok
	}
	next := make(map[K]V, len(now)+1)
	maps.Copy(next, now)
	next[key] = fresh()
	t.now.Store(&next)
	return next[key], true
}
