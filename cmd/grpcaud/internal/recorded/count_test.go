package recorded_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/recorded"
)

func TestCountsAreAdded(t *testing.T) {
	at := func(second int) time.Time { return time.Date(2026, 11, 29, 12, 0, second, 0, time.UTC) }
	var got recorded.Count
	for _, second := range []int{5, 3, 7} {
		got.Add(recorded.One(at(second)))
	}
	got.Add(recorded.Count{})
	if diff := cmp.Diff(recorded.Count{Records: 3, First: at(3), Last: at(7)}, got); diff != "" {
		t.Error(diff)
	}
	if got.Add(recorded.Count{Records: math.MaxUint64, First: at(1), Last: at(2)}); got.Records != math.MaxUint64 || got.First != at(1) || got.Last != at(7) {
		t.Errorf("count %+v of too many", got)
	}
}
