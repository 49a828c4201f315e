package lockedbuffer_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/grpcaud/grpcaud/internal/lockedbuffer"
)

// TestBufferKeepsAllThatIsWrittenAtOnce needs the race detector to notice a missing lock of
// String.
func TestBufferKeepsAllThatIsWrittenAtOnce(t *testing.T) {
	var b lockedbuffer.Buffer
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 1000 {
				if _, err := b.Write([]byte("line\n")); err != nil {
					t.Error(err)
				}
				_ = b.String()[:0]
			}
		})
	}
	all.Wait()
	if got := strings.Count(b.String(), "line\n"); got != 8000 {
		t.Errorf("%d lines are there, want 8000", got)
	}
}
