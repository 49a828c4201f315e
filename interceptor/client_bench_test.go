package interceptor_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/tokensource"
)

// usual does what oauth.TokenSource of grpc-go does, whose package would bring
// Google's libraries along.
type usual struct{ oauth2.TokenSource }

func (u usual) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	token, err := u.Token()
	if err != nil {
		return nil, err
	}
	info, _ := credentials.RequestInfoFromContext(ctx)
	if err := credentials.CheckSecurityLevel(info.AuthInfo, credentials.PrivacyAndIntegrity); err != nil {
		return nil, err
	}
	return map[string]string{"authorization": token.Type() + " " + token.AccessToken}, nil
}

func (usual) RequireTransportSecurity() bool { return true }

// reusing returns the usual credentials, with a token that does not change.
func reusing(token string) credentials.PerRPCCredentials {
	return usual{oauth2.ReuseTokenSource(&oauth2.Token{AccessToken: token, Expiry: time.Now().Add(time.Hour)}, nil)}
}

// BenchmarkCredentials measures what a client's credentials add to a call with a cached
// token: credentials for one audience, for a thousand that share a source, and of a
// connection with its interceptors; the usual ones of grpc-go; and reading the clock,
// which is the larger part. Run it with -cpu 1,2.
func BenchmarkCredentials(b *testing.B) {
	b.Run("clock", func(b *testing.B) {
		for b.Loop() {
			now = time.Now()
		}
	})
	for _, n := range []int{1, 100, 1000} {
		creds := asServices(b, memory(b, forAnHour), n)
		b.Run(fmt.Sprint("AsService of ", n), func(b *testing.B) { benchmarkCredentials(b, requesting(b.Context()), creds) })
	}
	b.Run("oauth.TokenSource", func(b *testing.B) {
		benchmarkCredentials(b, requesting(b.Context()), []credentials.PerRPCCredentials{reusing("a.b.c")})
	})
	b.Run("Client", func(b *testing.B) {
		ctx, creds := ofClient(b)
		benchmarkCredentials(b, ctx, []credentials.PerRPCCredentials{creds})
	})
}

// ofClient returns the credentials of a client's connection, and a context of a call.
func ofClient(t testing.TB) (context.Context, credentials.PerRPCCredentials) {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///service.test", grpc.WithTransportCredentials(credentials.NewTLS(nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	client := newClient(t, newIssuer(), company(t, withSecrets(t)), "customer-portal")
	ctx, creds := interceptor.CredentialsWithin(t.Context(), conn, client, "order-status")
	return requesting(ctx), creds
}

// TestCachedTokenAllocatesNothing shows that the credentials of a call with a cached
// token allocate nothing.
func TestCachedTokenAllocatesNothing(t *testing.T) {
	ctx, ofClient := ofClient(t)
	for name, creds := range map[string]credentials.PerRPCCredentials{
		"AsService": interceptor.AsService(memory(t, forAnHour), "order-status"),
		"Client":    ofClient,
	} {
		if n := testing.AllocsPerRun(100, func() {
			if _, err := creds.GetRequestMetadata(ctx, orderStatusURI...); err != nil {
				t.Error(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations, want 0", name, n)
		}
	}
}

var now time.Time // keeps the compiler from removing what is measured

// benchmarkCredentials uses the credentials in turns, on each processor.
func benchmarkCredentials(b *testing.B, ctx context.Context, creds []credentials.PerRPCCredentials) {
	for _, c := range creds {
		if _, err := c.GetRequestMetadata(ctx, orderStatusURI...); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			if i == len(creds) {
				i = 0
			}
			if _, err := creds[i].GetRequestMetadata(ctx, orderStatusURI...); err != nil {
				b.Error(err)
			}
		}
	})
}

// orderStatusURI is the URI that gRPC passes to credentials. It is made once, so that it
// does not count as their allocation.
var orderStatusURI = []string{"https://service.test/acme.orders.v1.OrderStatus"}

// requesting returns a context as gRPC passes it to credentials.
func requesting(ctx context.Context) context.Context {
	return credentials.NewContextWithRequestInfo(ctx, credentials.RequestInfo{
		Method:   "/acme.orders.v1.OrderStatus/GetOrderStatus",
		AuthInfo: secured{credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity}},
	})
}

// memory returns a source of the tokens that mint makes.
func memory(t testing.TB, mint tokensource.Func) *tokensource.Cache {
	t.Helper()
	tokens, err := tokensource.NewFunc(mint, tokensource.Logger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tokens.Close() })
	return tokens
}

func forAnHour(_ context.Context, r tokensource.Request) (tokensource.Token, error) {
	return tokensource.NewToken("token-for-"+r.Audience, time.Now().Add(time.Hour)), nil
}

// asServices returns credentials for n audiences, with their tokens cached.
func asServices(b *testing.B, tokens *tokensource.Cache, n int) []credentials.PerRPCCredentials {
	b.Helper()
	creds := make([]credentials.PerRPCCredentials, n)
	audiences := make([]string, n)
	for i := range creds {
		audiences[i] = fmt.Sprint("service-", i)
		creds[i] = interceptor.AsService(tokens, audiences[i])
	}
	if err := tokens.Warm(b.Context(), audiences...); err != nil {
		b.Fatal(err)
	}
	return creds
}

// BenchmarkRPC measures the median of a unary call over TLS to a server that ignores
// tokens: with a token from a client of the matrix, with the same value as a constant
// header, and with the usual credentials of grpc-go.
func BenchmarkRPC(b *testing.B) {
	issuer := newIssuer()
	client := newClient(b, issuer, company(b, withSecrets(b)), "customer-portal")
	token, err := newSource(b, issuer, "customer-portal", "customer-secret").Token(b.Context(), orderStatus)
	if err != nil {
		b.Fatal(err)
	}
	g := &gate{blind: true}
	constant := metadata.AppendToOutgoingContext(b.Context(), "authorization", token.Bearer())
	usually := grpc.WithPerRPCCredentials(reusing(token.Reveal()))
	kinds := []sampled{
		{name: "constant", call: calling(constant, g.serve(b))},
		{name: "Client", call: calling(b.Context(), g.serve(b, client.DialOptions("order-status")...))},
		{name: "oauth.TokenSource", call: calling(b.Context(), g.serve(b, usually))},
	}
	sample(b, b.Loop, kinds)
	tell(b, 50, "p50", kinds)
}

func calling(ctx context.Context, conn *grpc.ClientConn, opts ...grpc.CallOption) func() error {
	orders, request := ordersv1.NewOrderStatusClient(conn), &ordersv1.GetOrderStatusRequest{}
	return func() error {
		_, err := orders.GetOrderStatus(ctx, request, opts...)
		return err
	}
}

// BenchmarkRPCAtExpiry measures the 99th percentile of a unary call over TLS from all
// processors: while tokens are valid, and while each of a hundred tokens has to be
// refreshed after about a second, which takes its issuer 20 ms.
func BenchmarkRPCAtExpiry(b *testing.B) {
	var minted atomic.Int64
	lasting := asServices(b, memory(b, forAnHour), 100)
	ending := asServices(b, memory(b, func(ctx context.Context, r tokensource.Request) (tokensource.Token, error) {
		minted.Add(1)
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
		}
		return tokensource.NewToken("token-for-"+r.Audience, time.Now().Add(3*time.Second)), nil
	}), 100)
	conn := (&gate{blind: true}).serve(b)
	by := func(creds []credentials.PerRPCCredentials) func() error {
		return func() error {
			return calling(b.Context(), conn, grpc.PerRPCCredentials(creds[rand.IntN(len(creds))]))()
		}
	}
	kinds := []sampled{{name: "steady", call: by(lasting)}, {name: "renewing", call: by(ending)}}
	first := minted.Load()
	sample(b, func() bool { return minted.Load() == first }, kinds) // until refreshing has begun
	b.ResetTimer()
	sampleParallel(b, kinds)
	tell(b, 99, "p99", kinds)
	b.ReportMetric(float64(minted.Load()-first), "renewals")
}
