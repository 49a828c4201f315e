package verifier_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience/verifier"
)

const entrySize = 2 << 10

// TestCacheOfTheDefaultSizeHolds10000Tokens shows that shards which are filled by
// chance forget nothing as long as the cache is not nearly full.
func TestCacheOfTheDefaultSizeHolds10000Tokens(t *testing.T) {
	const live = 10_000
	c := verifier.NewBoundedCache(1 << 14 * entrySize)
	for n := range live {
		c.Put(n, entrySize, time.Hour)
	}
	for n := range live {
		if !c.Has(n) {
			t.Fatalf("token %d is forgotten, want all of %d", n, live)
		}
	}
}

// TestFullCacheForgetsWhatWasNotUsedForTheLongestTime counts also how many tokens of
// each size a cache of 32 KiB holds.
func TestFullCacheForgetsWhatWasNotUsedForTheLongestTime(t *testing.T) {
	for name, row := range map[string]struct{ size, want int }{
		"usual tokens":            {entrySize, 16},
		"more than 2 KiB":         {entrySize + 1, 15},
		"8 KiB":                   {8 << 10, 4},
		"tokens of the most size": {16 << 10, 2},
	} {
		t.Run(name, func(t *testing.T) {
			c := verifier.NewBoundedCache(16 * entrySize)
			c.Put(0, row.size, time.Hour)
			for n := 1; n < 1000; n++ {
				c.Put(n, row.size, time.Hour)
				if !c.Has(n) || !c.Has(0) {
					t.Fatalf("after %d tokens: the last is there: %t, the one that is used always: %t", n, c.Has(n), c.Has(0))
				}
			}
			if n := c.Len(); n != row.want {
				t.Errorf("%d tokens, want %d", n, row.want)
			}
			for n := 1; n < 999-row.want; n++ {
				if c.Has(n) {
					t.Errorf("token %d is still there", n)
				}
			}
		})
	}
}

// TestFullCacheForgetsExpiredTokensFirst shows that no living token makes room while
// there is an expired one.
func TestFullCacheForgetsExpiredTokensFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := verifier.NewBoundedCache(16 * entrySize)
		for n := range 16 {
			c.Put(n, entrySize, []time.Duration{time.Hour, time.Minute}[n%2])
		}
		time.Sleep(time.Minute)
		for n := 16; n < 24; n++ {
			c.Put(n, entrySize, time.Hour)
		}
		for n := range 24 {
			if want := n%2 == 0 || n >= 16; c.Has(n) != want {
				t.Errorf("token %d is there: %t, want %t", n, !want, want)
			}
		}
	})
}

// TestCacheHasOneEntryForAToken shows that a token which is put again does not fill
// the cache, and that it can be dropped.
func TestCacheHasOneEntryForAToken(t *testing.T) {
	c := verifier.NewBoundedCache(16 * entrySize)
	for range 100 {
		c.Put(1, entrySize, time.Hour)
	}
	c.Put(2, entrySize, time.Hour)
	if n := c.Len(); n != 2 {
		t.Errorf("%d entries, want 2", n)
	}
	c.Drop(1)
	if c.Has(1) || !c.Has(2) || c.Len() != 1 {
		t.Errorf("after the first was dropped: first %t, second %t, %d entries", c.Has(1), c.Has(2), c.Len())
	}
}

// TestCacheIsSafeForConcurrentUse is for the race detector.
func TestCacheIsSafeForConcurrentUse(t *testing.T) {
	c := verifier.NewBoundedCache(1 << 14 * entrySize)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for n := range 1000 {
				c.Put(n, entrySize, time.Hour)
				c.Has(n)
				if n%7 == 0 {
					c.Drop(n)
				}
			}
			c.Len()
		})
	}
	group.Wait()
}
