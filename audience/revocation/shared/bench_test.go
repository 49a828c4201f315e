package shared_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/valkey-io/valkey-go"

	"github.com/grpcaud/grpcaud/audience/revocation/shared"
	"github.com/grpcaud/grpcaud/internal/idp"
)

const many = 100_000

// filled returns a real store with many entries, and a replica that knows them.
func filled(b *testing.B) (valkey.ClientOption, *shared.List) {
	b.Helper()
	store := idp.Valkey(b)
	option := valkey.ClientOption{InitAddress: []string{store.Addr}, Username: store.User, Password: store.Password}
	l := atValkey(b, option)
	eventually(b, "ready", func() bool { return l.Ready() == nil })
	for i := range many {
		if err := l.Revoke(b.Context(), entry(fmt.Sprint("user", i))); err != nil {
			b.Fatal(err)
		}
	}
	return option, l
}

// BenchmarkRevoked is what a call pays for a list of 100,000 entries.
func BenchmarkRevoked(b *testing.B) {
	_, l := filled(b)
	c := token(b, "bob")
	b.ReportAllocs()
	for b.Loop() {
		if err := l.Revoked(b.Context(), c); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFresh is how long a fresh replica takes to know 100,000 entries, and the
// memory that it then holds.
func BenchmarkFresh(b *testing.B) {
	option, _ := filled(b)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var last *shared.List
	for b.Loop() {
		last = atValkey(b, option)
		eventually(b, "ready", func() bool { return last.Ready() == nil })
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(b.N)/(1<<20), "MiB/replica")
	runtime.KeepAlive(last)
}
