package interceptor_test

import (
	"context"
	"crypto/sha256"
	"io"
	"log/slog"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/grpcaud/grpcaud/interceptor"
)

// secured is what TLS tells of a connection.
type secured struct{ credentials.CommonAuthInfo }

func (secured) AuthType() string { return "tls" }

func incoming(ctx context.Context, authorization string) context.Context {
	ctx = peer.NewContext(ctx, &peer.Peer{AuthInfo: secured{credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity}}})
	return metadata.NewIncomingContext(ctx, metadata.Pairs("authorization", authorization))
}

// BenchmarkAdmit is what a server adds to a unary call: the warm admission of a
// token, by the algorithm of its key, beside an interceptor that does nothing.
func BenchmarkAdmit(b *testing.B) {
	info := &grpc.UnaryServerInfo{FullMethod: "/acme.orders.v1.OrderStatus/GetOrderStatus"}
	handler := func(context.Context, any) (any, error) { return nil, nil }
	b.Run("noop", func(b *testing.B) {
		ctx := incoming(b.Context(), "Bearer x")
		noop := func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			return handler(ctx, req)
		}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := noop(ctx, nil, info, handler); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, alg := range []string{"RS256", "ES256", "EdDSA"} {
		b.Run(alg, func(b *testing.B) {
			issuer := newIssuer()
			issuer.Rotate(alg)
			server, err := interceptor.NewServer(company(b), interceptor.Services("order-status"),
				interceptor.Transport(issuer.Transport()), interceptor.Logger(slog.New(slog.NewTextHandler(io.Discard, nil))))
			if err != nil {
				b.Fatal(err)
			}
			defer server.Close()
			token := issuer.Mint(good(nil))
			ctx := incoming(b.Context(), "Bearer "+token)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := server.Unary(ctx, nil, info, handler); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/hashing(b, token), "x-sha256")
		})
	}
}

// hashing returns how many nanoseconds the SHA-256 of a token takes, which is
// the measure of a warm admission.
func hashing(b *testing.B, token string) float64 {
	b.StopTimer()
	const times = 100_000
	text, began := []byte(token), time.Now()
	for range times {
		text[0] ^= sha256.Sum256(text)[0] & 1
	}
	return float64(time.Since(began)) / times
}

// BenchmarkCredentials is what a client adds to a call when it holds a token.
func BenchmarkCredentials(b *testing.B) {
	creds := interceptor.AsService(fixed("a.b.c"), "order-status")
	ctx := credentials.NewContextWithRequestInfo(b.Context(), credentials.RequestInfo{
		AuthInfo: secured{credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity}},
	})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := creds.GetRequestMetadata(ctx); err != nil {
			b.Fatal(err)
		}
	}
}
