package ui

import (
	"sync"
	"sync/atomic"
	"testing"
)

// TestAKeyWorksOnce shows that one of many who use a key at the same time gets in, and that a new
// key ends the one before.
func TestAKeyWorksOnce(t *testing.T) {
	s := newSession()
	if s.use("") {
		t.Error("the empty key works before there is one")
	}
	key := s.newKey()
	var used atomic.Int32
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if s.use(key) {
				used.Add(1)
			}
		})
	}
	all.Wait()
	if got := used.Load(); got != 1 {
		t.Errorf("a key worked %d times, want once", got)
	}
	if s.use(key) || s.use("") {
		t.Error("a key works that was used")
	}
	last, next := s.newKey(), s.newKey()
	if s.use(last) || !s.use(next) {
		t.Error("the last key alone works")
	}
}
