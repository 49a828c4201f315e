package interceptor_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"google.golang.org/grpc"
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

// BenchmarkAdmit is what a server adds to a unary call: the warm admission of a
// token, by the algorithm of its key and by how many are in use, beside an
// interceptor that does nothing and one that has go-oidc verify each token.
func BenchmarkAdmit(b *testing.B) {
	noop := func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		return handler(ctx, req)
	}
	run := func(name, alg string, tokens int, judge func(*turnstile) grpc.UnaryServerInterceptor) {
		b.Run(name, func(b *testing.B) {
			turnstile := newTurnstile(b, alg, tokens)
			lane, judge := turnstile.lane(b), judge(turnstile)
			b.ReportAllocs()
			for b.Loop() {
				lane.pass(b, judge)
			}
			report(b, lane)
		})
	}
	ours := func(s *turnstile) grpc.UnaryServerInterceptor { return s.judge }
	run("noop", "EdDSA", 1, func(*turnstile) grpc.UnaryServerInterceptor { return noop })
	for _, alg := range []string{"RS256", "ES256", "EdDSA"} {
		run(alg, alg, 1, ours)
		run(alg+" by go-oidc", alg, 1, func(s *turnstile) grpc.UnaryServerInterceptor { return s.upstream(alg) })
	}
	for _, tokens := range []int{100, 10_000} {
		run(fmt.Sprint("ES256 of ", tokens), "ES256", tokens, ours)
	}
}

// BenchmarkAdmitParallel is how long an admission takes while as many others are
// under way as there are processors: run it with -cpu 1,2.
func BenchmarkAdmitParallel(b *testing.B) {
	for _, tokens := range []int{1, 10_000} {
		turnstile := newTurnstile(b, "ES256", tokens)
		b.Run(fmt.Sprint("ES256 of ", tokens), func(b *testing.B) {
			var mu sync.Mutex // guards lanes
			var lanes []*lane
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				l := turnstile.lane(b)
				for pb.Next() {
					l.pass(b, turnstile.judge)
				}
				mu.Lock()
				defer mu.Unlock()
				lanes = append(lanes, l)
			})
			report(b, lanes...)
		})
	}
}
