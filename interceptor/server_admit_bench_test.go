package interceptor_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
)

// secured is what TLS tells of a connection.
type secured struct{ credentials.CommonAuthInfo }

func (secured) AuthType() string { return "tls" }

func incoming(ctx context.Context, authorization string) context.Context {
	ctx = peer.NewContext(ctx, &peer.Peer{AuthInfo: secured{credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity}}})
	return metadata.NewIncomingContext(ctx, metadata.Pairs("authorization", authorization))
}

// BenchmarkAdmit is what the decision about a call costs, with a token that is
// known, by the algorithm of its key and by how many are in use; beside go-oidc,
// which verifies each token, and beside the server's interceptor, which also copies
// the metadata for the handler.
func BenchmarkAdmit(b *testing.B) {
	run := func(name, alg string, tokens int, judgeOf func(*warmServer) judge) {
		b.Run(name, func(b *testing.B) {
			server := newWarmServer(b, alg, tokens)
			series, by := server.series(b), judgeOf(server)
			b.ReportAllocs()
			for b.Loop() {
				series.pass(b, by)
			}
			report(b, series)
		})
	}
	decision := func(s *warmServer) judge { return s.decide }
	for _, alg := range []string{"RS256", "ES256", "EdDSA"} {
		run(alg, alg, 1, decision)
		run(alg+" by go-oidc", alg, 1, func(s *warmServer) judge { return s.upstream(alg) })
	}
	run("ES256 in the interceptor", "ES256", 1, func(s *warmServer) judge { return s.intercept })
	for _, tokens := range []int{100, 10_000} {
		run(fmt.Sprint("ES256 of ", tokens), "ES256", tokens, decision)
	}
}

// BenchmarkAdmitParallel is how long an admission takes while as many others are
// under way as there are processors: run it with -cpu 1,2.
func BenchmarkAdmitParallel(b *testing.B) {
	for _, tokens := range []int{1, 10_000} {
		server := newWarmServer(b, "ES256", tokens)
		b.Run(fmt.Sprint("ES256 of ", tokens), func(b *testing.B) {
			var mu sync.Mutex // guards all
			var all []*callSeries
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				l := server.series(b)
				for pb.Next() {
					l.pass(b, server.decide)
				}
				mu.Lock()
				defer mu.Unlock()
				all = append(all, l)
			})
			report(b, all...)
		})
	}
}
