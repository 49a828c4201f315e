package interceptor_test

import (
	"runtime"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// BenchmarkLeases is what a running stream costs beyond gRPC's own: memory and
// goroutines.
func BenchmarkLeases(b *testing.B) {
	const streams = 10_000
	run := func(b *testing.B, opts ...interceptor.ServerOption) {
		for b.Loop() {
			bytes, goroutines := costOf(b, streams, true, opts...)
			plainBytes, plainGoroutines := costOf(b, streams, false)
			b.ReportMetric((bytes-plainBytes)/streams, "B/stream")
			b.ReportMetric((goroutines-plainGoroutines)/streams, "goroutines/stream")
		}
	}
	b.Run("own goroutine", func(b *testing.B) { run(b) })
	b.Run("in place", func(b *testing.B) { run(b, interceptor.CheckOnReceive()) })
}

// costOf opens streams whose handlers wait for their clients, and returns the
// memory and the goroutines in use then.
func costOf(b *testing.B, streams int, leased bool, opts ...interceptor.ServerOption) (bytes, goroutines float64) {
	began := make(chan struct{})
	o := newReviewServer(b, func(stream reviews) error {
		began <- struct{}{}
		return echo(stream)
	}, company(b), opts...)
	if !leased {
		o.conn = testutil.Serve(b, nil, func(s *grpc.Server) { hrv1.RegisterHumanResourceServer(s, o) })
	}
	token := o.mint(time.Hour)
	o.openWith(b, token)
	<-began
	before, had := inUse()
	for range streams {
		o.openWith(b, token)
		<-began
	}
	after, have := inUse()
	o.conn.Close()
	return after - before, have - had
}

func inUse() (bytes, goroutines float64) {
	var m runtime.MemStats
	for range 5 { // each halves the stacks that have grown too large
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc + m.StackInuse), float64(runtime.NumGoroutine())
}
