package shared_test

import (
	"flag"
	"testing"

	"github.com/grpcaud/grpcaud/internal/racedetector"
)

// TestMain runs more tests beside each other than there are processors: most of the time they
// wait for a clock. Under the race detector they compute.
func TestMain(m *testing.M) {
	flag.Parse()
	if racedetector.On {
		m.Run()
		return
	}
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	m.Run()
}
