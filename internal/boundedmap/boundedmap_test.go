package boundedmap_test

import (
	"sync"
	"testing"

	"github.com/grpcaud/grpcaud/internal/boundedmap"
)

// TestMapKeepsToItsBound shows that a map has no more entries than its bound, and
// that whoever adds the same key at the same time gets the same value.
func TestMapKeepsToItsBound(t *testing.T) {
	const bound, keys, adders = 50, 100, 8
	m := boundedmap.Map[int, *int]{Bound: bound}
	var got [adders][keys]*int
	var group sync.WaitGroup
	for a := range adders {
		group.Go(func() {
			for key := range keys {
				if v, ok := m.LoadOrAdd(key, func() *int { return new(int) }); ok {
					got[a][key] = v
				}
			}
		})
	}
	group.Wait()
	kept := 0
	for key := range keys {
		if got[0][key] != nil {
			kept++
		}
		for a := range adders {
			if got[a][key] != got[0][key] {
				t.Errorf("key %d has two values", key)
			}
		}
	}
	if kept != bound || len(m.Load()) != bound {
		t.Errorf("%d keys were added, and %d are there, want %d", kept, len(m.Load()), bound)
	}
}
