package verifier_test

import (
	"testing"

	"github.com/grpcaud/grpcaud/audience/verifier"
)

// TestAnswersAreBounded holds that a shelf never has more than its bound, and
// does not forget all when it is full.
func TestAnswersAreBounded(t *testing.T) {
	least, most := verifier.FillShelf(100, 10_000)
	if least < 75 || most > 100 {
		t.Errorf("a full shelf of 100 has %d to %d answers, want 75 to 100", least, most)
	}
}
