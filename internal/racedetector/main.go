package racedetector

import (
	"flag"
	"testing"
)

// Main is the TestMain of packages whose tests wait for a clock most of the time: it runs
// more of them beside each other than there are processors. Under the race detector they
// compute.
func Main(m *testing.M) {
	flag.Parse()
	if !On {
		if err := flag.Set("test.parallel", "8"); err != nil {
			panic(err)
		}
	}
	m.Run()
}
