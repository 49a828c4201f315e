package interceptor_test

import (
	"sync"
	"testing"

	"github.com/grpcaud/grpcaud/interceptor"
)

// TestTable holds that a table keeps to its bound, and that whoever adds the
// same key at the same time gets the same value.
func TestTable(t *testing.T) {
	const bound, keys, adders = 50, 100, 8
	add := interceptor.AddTo(bound)
	var got [adders][keys]*int
	var group sync.WaitGroup
	for a := range adders {
		group.Go(func() {
			for key := range keys {
				if v, ok := add(key, func() *int { return new(int) }); ok {
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
	if kept != bound {
		t.Errorf("%d keys, want %d", kept, bound)
	}
}
