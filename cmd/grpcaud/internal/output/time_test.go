package output_test

import (
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

func TestTimesAreInUTC(t *testing.T) {
	at := time.Date(2026, 11, 30, 1, 2, 3, 4, time.FixedZone("east", 2*60*60))
	if got, want := output.Stamp(at)+" "+output.Day(at), "2026-11-29T23:02:03Z 2026-11-29"; got != want {
		t.Errorf("times %q, want %q", got, want)
	}
}
