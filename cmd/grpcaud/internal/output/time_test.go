package output_test

import (
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

func TestTimesAreInUTC(t *testing.T) {
	at := time.Date(2026, 11, 30, 1, 2, 3, 4, time.FixedZone("east", 2*60*60))
	if got, want := output.Stamp(at)+" "+output.Days(at, at)+" "+output.Days(at, at.Add(time.Hour)), "2026-11-29T23:02:03Z 2026-11-29 2026-11-29 to 2026-11-30"; got != want {
		t.Errorf("times %q, want %q", got, want)
	}
}
