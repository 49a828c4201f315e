package httproute_test

import (
	"fmt"
	"testing"

	"github.com/grpcaud/grpcaud/internal/httproute"
)

// services returns n routes as a company has them: of many services, with wildcards.
func services(b *testing.B, n int) []httproute.Entry {
	b.Helper()
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprintf("op%d: GET /v1/service%d/{id}/part%d", i, i/10, i%10)
	}
	return patterns(b, texts...)
}

// BenchmarkMatch is the cost of finding an operation among 500.
func BenchmarkMatch(b *testing.B) {
	table := httproute.NewTable(services(b, 500))
	for name, path := range map[string]string{"plain": "/v1/service49/1234/part9", "escaped": "/v1/service49/12%2034/part9", "none": "/v1/service50/1/part0"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = table.Match("GET", "orders.example.com", path)
			}
		})
	}
}

// BenchmarkConflicts is the cost of comparing the most patterns that a matrix may have.
func BenchmarkConflicts(b *testing.B) {
	entries := services(b, 4000)
	for b.Loop() {
		if found := httproute.Conflicts(entries); len(found) > 0 {
			b.Fatal(found[0])
		}
		httproute.NewTable(entries)
	}
}
