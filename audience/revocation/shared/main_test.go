package shared_test

import (
	"flag"
	"testing"
)

// TestMain runs more tests beside each other than there are processors: most of the time they
// wait for a clock.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	m.Run()
}
