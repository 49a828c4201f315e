// Package boundedmap has a map for labels and names that unknown peers choose. It
// never has more entries than its bound.
package boundedmap

import (
	"maps"
	"sync"
	"sync/atomic"
)

// Map grows to a bound and never shrinks. A read takes no lock and allocates
// nothing; each addition copies the map. The zero value holds nothing; set
// Bound before the first use. A Map is safe for concurrent use.
type Map[K comparable, V any] struct {
	// Bound is how many entries the map may have.
	Bound int

	current atomic.Pointer[map[K]V]
	mu      sync.Mutex // serializes additions
}

// Load returns the entries. Do not change them.
func (m *Map[K, V]) Load() map[K]V {
	if current := m.current.Load(); current != nil {
		return *current
	}
	return nil
}

// LoadOrAdd returns the value of key, or adds the one that create returns. It returns
// false if key is missing and the map is full.
func (m *Map[K, V]) LoadOrAdd(key K, create func() V) (V, bool) {
	if v, ok := m.Load()[key]; ok {
		return v, true
	}
	if len(m.Load()) >= m.Bound {
		var none V
		return none, false // before the lock, for which unknown peers would otherwise wait
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	current := m.Load()
	if v, ok := current[key]; ok || len(current) >= m.Bound {
		return v, ok
	}
	next := make(map[K]V, len(current)+1)
	maps.Copy(next, current)
	next[key] = create()
	m.current.Store(&next)
	return next[key], true
}
