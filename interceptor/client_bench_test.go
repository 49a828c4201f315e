package interceptor_test

import (
	"context"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
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

// reusing are the usual credentials, with a token that stays.
func reusing(token string) credentials.PerRPCCredentials {
	return usual{oauth2.ReuseTokenSource(&oauth2.Token{AccessToken: token, Expiry: time.Now().Add(time.Hour)}, nil)}
}

// BenchmarkCredentials is what a client's credentials add to a call when the
// token is at hand: those of one audience, those of a connection beside the
// interceptors, and the usual ones.
func BenchmarkCredentials(b *testing.B) {
	issuer := newIssuer()
	tokens := newSource(b, issuer, "customer-portal", "customer-secret")
	if _, err := tokens.Token(b.Context(), orderStatus); err != nil {
		b.Fatal(err)
	}
	for name, creds := range map[string]credentials.PerRPCCredentials{
		"AsService":         interceptor.AsService(tokens, "order-status"),
		"oauth.TokenSource": reusing("a.b.c"),
	} {
		b.Run(name, func(b *testing.B) { benchmarkCredentials(b, b.Context(), creds) })
		b.Run(name+"-parallel", func(b *testing.B) {
			ctx := requesting(b.Context())
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := creds.GetRequestMetadata(ctx, orderStatusURI...); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
	b.Run("Client", func(b *testing.B) {
		conn, err := grpc.NewClient("passthrough:///service.test", grpc.WithTransportCredentials(credentials.NewTLS(nil)))
		if err != nil {
			b.Fatal(err)
		}
		defer conn.Close()
		client := newClient(b, issuer, company(b, withSecrets(b)), "customer-portal")
		ctx, creds := interceptor.CredentialsWithin(b.Context(), conn, client, "order-status")
		benchmarkCredentials(b, ctx, creds)
	})
}

// orderStatusURI is what gRPC tells credentials of a call, made once: it would
// count as an allocation of theirs.
var orderStatusURI = []string{"https://service.test/acme.orders.v1.OrderStatus"}

// requesting is a context as gRPC hands it to credentials.
func requesting(ctx context.Context) context.Context {
	return credentials.NewContextWithRequestInfo(ctx, credentials.RequestInfo{
		Method:   "/acme.orders.v1.OrderStatus/GetOrderStatus",
		AuthInfo: secured{credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity}},
	})
}

func benchmarkCredentials(b *testing.B, ctx context.Context, creds credentials.PerRPCCredentials) {
	ctx = requesting(ctx)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := creds.GetRequestMetadata(ctx, orderStatusURI...); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRPC is a unary call over TLS to a server that looks at no token: with
// a token from a client of the matrix, with the same value as a constant header,
// and with the usual credentials. The three take turns, so that what disturbs
// one disturbs all.
func BenchmarkRPC(b *testing.B) {
	issuer := newIssuer()
	client := newClient(b, issuer, company(b, withSecrets(b)), "customer-portal")
	tokens := newSource(b, issuer, "customer-portal", "customer-secret")
	token, err := tokens.Token(b.Context(), orderStatus)
	if err != nil {
		b.Fatal(err)
	}
	g := &gate{script: []audience.Reason{""}, blind: true}
	constant := metadata.AppendToOutgoingContext(b.Context(), "authorization", token.Bearer())
	rows := []struct {
		name string
		ctx  context.Context
		conn *grpc.ClientConn
		took time.Duration
	}{
		{"constant", constant, g.serve(b), 0},
		{"Client", b.Context(), g.serve(b, client.Service("order-status")...), 0},
		{"oauth.TokenSource", b.Context(), g.serve(b, grpc.WithPerRPCCredentials(reusing(token.Reveal()))), 0},
	}
	for b.Loop() {
		for i := range rows {
			began := time.Now()
			if _, err := ordersv1.NewOrderStatusClient(rows[i].conn).GetOrderStatus(rows[i].ctx, &ordersv1.GetOrderStatusRequest{}); err != nil {
				b.Fatal(err)
			}
			rows[i].took += time.Since(began)
		}
	}
	for _, row := range rows {
		b.ReportMetric(float64(row.took.Nanoseconds())/float64(b.N), row.name+"-ns")
		b.ReportMetric(float64(row.took)/float64(rows[0].took), row.name+"-x")
	}
}
