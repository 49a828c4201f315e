package interceptor_test

import (
	"context"
	"io"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
)

// counter counts the lines and the bytes that are written.
type counter struct{ lines, bytes int }

func (c *counter) Write(p []byte) (int, error) {
	c.lines++
	c.bytes += len(p)
	return len(p), nil
}

// BenchmarkRefuse is what a refusal costs with the log on: of one kind, of
// strangers from everywhere, and with a line for each.
func BenchmarkRefuse(b *testing.B) {
	for _, row := range []struct {
		name  string
		peers int
		opts  []interceptor.ServerOption
	}{
		{"one kind", 1, nil},
		{"10000 peers", 10_000, nil},
		{"a line for each", 1, []interceptor.ServerOption{interceptor.SampleRefused(0)}},
		{"no log", 1, []interceptor.ServerOption{interceptor.Logger(slog.New(slog.DiscardHandler))}},
	} {
		b.Run(row.name, func(b *testing.B) {
			var written counter
			server := guarded(b, newIssuer(), access.Enforce, append([]interceptor.ServerOption{interceptor.Logger(slog.New(slog.NewJSONHandler(io.Writer(&written), nil)))}, row.opts...)...)
			judge, contexts := unaryOf(server), make([]context.Context, row.peers)
			for n := range contexts {
				contexts[n] = from(b.Context(), netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)}), 1).String(), "user-agent", "grpc-go/1.85.0")
			}
			began := time.Now()
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				if _, err := judge(contexts[n%len(contexts)], nil, getting, unhandled); err == nil {
					b.Fatal("not refused")
				}
			}
			server.Close()
			b.ReportMetric(float64(written.lines)/max(1, time.Since(began).Seconds()), "lines/s")
			b.ReportMetric(float64(written.bytes)/max(1, float64(written.lines)), "B/line")
		})
	}
}
