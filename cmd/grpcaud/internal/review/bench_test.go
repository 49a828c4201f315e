package review_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/review"
)

// BenchmarkReview reads and counts records of 200 services with 4 entries each.
func BenchmarkReview(b *testing.B) {
	const records = 100_000
	var matrix, log strings.Builder
	matrix.WriteString("version: 1\nissuers: {corp: {url: 'https://idp.example.com'}}\nclients: {web: {}, desk: {}}\nservices:\n")
	for i := range 200 {
		fmt.Fprintf(&matrix, "  s%d:\n    grpc: [acme.S%d]\n    allow:\n", i, i)
		for n := range 4 {
			fmt.Fprintf(&matrix, "      - {clients: [web, desk], methods: [M%d], scopes: [read]}\n", n)
		}
	}
	for i := range records {
		fmt.Fprintf(&log, `{"time":"2026-11-28T12:00:00.%06dZ","type":"grpcaud.decision","version":1,"request_id":"%016x","method":"/acme.S%d/M%d","service":"s%d","issuer":"https://idp.example.com","audience":["s%d"],"client":%q,"caller":"user","user":"hmac-sha256:%032x","scopes":["openid","read"],"peer":"10.0.0.1:%d","decision":"admitted","mode":"enforce","entry":"services.s%d.allow[%d]","file":"access.yaml","line":%d,"policy":"x","token":"%016x","duration_ns":1000}`+"\n",
			i%1_000_000, i, i%200, i/200%4, i%200, i%200, []string{"web", "desk"}[i/800%2], i, 1024+i%60000, i%200, i/200%4, i, i)
	}
	policy := of(b, matrix.String(), descriptor.Set{}, time.Time{}).policy
	for b.Loop() {
		c := review.NewCounter(policy, descriptor.Set{}, "access.yaml", time.Time{}, now)
		if _, err := decision.Read(strings.NewReader(log.String()), c.Record, c.Gap); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/records, "ns/record")
}
