package admission

import (
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestKindsOfRefusalsAreBounded shows that strangers make no more than a number of
// kinds be remembered, that known callers have as many of their own, and that none
// is left when their windows are over.
func TestKindsOfRefusalsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var counted atomic.Uint64 // a timer's goroutine counts as well
		lines := refusalLines{window: 10 * time.Second, writeCount: func(_ kind, r repeats) { counted.Add(r.times) }}
		const refusals = 20_000
		for n := range refusals {
			for _, issuer := range []string{"", corp} {
				if _, ok := lines.allow(kind{outcome: Refused, issuer: issuer, peer: fmt.Sprint(n)}, ""); ok {
					counted.Add(1)
				}
			}
		}
		kinds := func(class int) int {
			lines.mu.Lock()
			defer lines.mu.Unlock()
			return len(lines.classes[class].kinds)
		}
		for i := range lines.classes {
			if n := kinds(i); n != maxKinds {
				t.Errorf("%d kinds of class %d are remembered, want %d", n, i, maxKinds)
			}
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		for i := range lines.classes {
			if n := kinds(i); n != 0 {
				t.Errorf("%d kinds of class %d are remembered in the end, want none", n, i)
			}
		}
		if n := counted.Load(); n != 2*refusals {
			t.Errorf("%d refusals have lines or are counted in them, want %d", n, 2*refusals)
		}
	})
}
