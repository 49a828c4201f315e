package interceptor_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// sampled is a kind of call, and how long those that were made have taken.
type sampled struct {
	name string
	call func() error
	took []time.Duration
}

// sample makes calls of all kinds by turns, so that what disturbs one disturbs all,
// for as long as there is to be another turn.
func sample(b *testing.B, another func() bool, kinds []sampled) {
	for n := 0; another(); n++ {
		for i := range kinds {
			k := &kinds[(n+i)%len(kinds)]
			began := time.Now()
			if err := k.call(); err != nil {
				b.Error(err)
				return
			}
			k.took = append(k.took, time.Since(began))
		}
	}
}

// sampleParallel does so from all processors.
func sampleParallel(b *testing.B, kinds []sampled) {
	var mu sync.Mutex // guards what kinds took
	b.RunParallel(func(pb *testing.PB) {
		mine := slices.Clone(kinds)
		sample(b, pb.Next, mine)
		mu.Lock()
		defer mu.Unlock()
		for i := range kinds {
			kinds[i].took = append(kinds[i].took, mine[i].took...)
		}
	})
}

// tell reports a percentile of each kind, and how many times that of the first it
// is.
func tell(b *testing.B, percent int, unit string, kinds []sampled) {
	b.ReportMetric(0, "ns/op") // says nothing here
	var first float64
	for i, k := range kinds {
		slices.Sort(k.took)
		at := float64(k.took[len(k.took)*percent/100])
		name := unit + "-" + strings.ReplaceAll(k.name, " ", "-")
		b.ReportMetric(at, "ns-"+name)
		if i == 0 {
			first = at
		} else {
			b.ReportMetric(at/first, "x-"+name)
		}
	}
}
