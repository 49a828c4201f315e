package logline_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/internal/logline"
)

// TestLinesOfAKindAreOneASecond shows that the lines that are left out are counted, and
// that another kind has its own.
func TestLinesOfAKindAreOneASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l logline.Limiter
		for n := range 5 {
			if repeated, ok := l.Allow("a"); repeated != 0 || ok != (n == 0) {
				t.Errorf("line %d: %d, %v", n, repeated, ok)
			}
		}
		if _, ok := l.Allow("b"); !ok {
			t.Error("another kind has no line")
		}
		time.Sleep(time.Second)
		if repeated, ok := l.Allow("a"); repeated != 4 || !ok {
			t.Errorf("a second later: %d, %v, want 4, true", repeated, ok)
		}
	})
}
