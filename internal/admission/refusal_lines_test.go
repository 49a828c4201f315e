package admission

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// TestKindsOfRefusalsAreBounded holds that strangers make no more than a number of
// kinds be remembered, that known callers have as many of their own, and that none
// is left when their windows are over.
func TestKindsOfRefusalsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		counted := uint64(0)
		lines := refusalLines{window: 10 * time.Second, writeCount: func(_ kind, times uint64) { counted += times }}
		const refusals = 20_000
		for n := range refusals {
			for _, issuer := range []string{"", corp} {
				if _, ok := lines.allow(kind{outcome: Refused, issuer: issuer, peer: fmt.Sprint(n)}); ok {
					counted++
				}
			}
		}
		for i := range lines.classes {
			if n := len(lines.classes[i].kinds); n != maxKinds {
				t.Errorf("%d kinds of class %d are remembered, want %d", n, i, maxKinds)
			}
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		for i := range lines.classes {
			if n := len(lines.classes[i].kinds); n != 0 {
				t.Errorf("%d kinds of class %d are remembered in the end, want none", n, i)
			}
		}
		if counted != 2*refusals {
			t.Errorf("%d refusals have lines or are counted in them, want %d", counted, 2*refusals)
		}
	})
}
