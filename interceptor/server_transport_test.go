package interceptor_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/gzip" // to be negotiated
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"

	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// contextual is what gRPC's transport stream has beside its interface.
type contextual interface{ Context() context.Context }

// quiet is a stats handler, for whose sake gRPC reads contexts of its own.
type quiet struct{}

func (quiet) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (quiet) HandleRPC(context.Context, stats.RPCStats)                         {}
func (quiet) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (quiet) HandleConn(context.Context, stats.ConnStats)                       {}

// TestTransportStreamHidesTheToken shows that no handler finds the token, or what
// else is hidden, through the stream of the transport, and that all that gRPC
// does by that stream works.
func TestTransportStreamHidesTheToken(t *testing.T) {
	for kind, change := range enforcement {
		issuer := newIssuer()
		server := serverOf(t, issuer, company(t, change))
		token := issuer.Mint(good(nil))
		handler := &orders{anyCaller: true, inHandler: func(ctx context.Context) error {
			s, ok := grpc.ServerTransportStreamFromContext(ctx).(contextual)
			if !ok {
				return errors.New("the stream of the transport is no longer that of gRPC")
			}
			md, _ := metadata.FromIncomingContext(s.Context())
			for name, values := range md {
				if strings.Contains(name, "authorization") || slices.Contains(foreign, name) || strings.Contains(strings.Join(values, " "), token) {
					t.Errorf("%s: %s is at the stream of the transport", kind, name)
				}
			}
			return useTransport(ctx)
		}}
		conn := testutil.Serve(t, append(server.Options(), grpc.StatsHandler(quiet{})), func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, handler) })
		for shape, call := range shapes {
			var header, trailer metadata.MD
			ctx := bearing(t.Context(), "Bearer "+token)
			for _, name := range foreign {
				ctx = metadata.AppendToOutgoingContext(ctx, name, "admin")
			}
			if err := call(ctx, conn, grpc.Header(&header), grpc.Trailer(&trailer)); err != nil {
				t.Errorf("%s, %s: %v", kind, shape, err)
			}
			if len(header.Get("set")) != 1 || len(header.Get("sent")) != 1 || len(trailer.Get("set")) != 1 {
				t.Errorf("%s, %s: header %v, trailer %v", kind, shape, header, trailer)
			}
		}
	}
}

// useTransport does all that a handler can do by the stream of the transport.
func useTransport(ctx context.Context) error {
	if method, ok := grpc.Method(ctx); !ok || !strings.HasPrefix(method, "/acme.orders.v1.OrderStatus/") {
		return errors.New("no method: " + method)
	}
	names, err := grpc.ClientSupportedCompressors(ctx)
	if err == nil && !slices.Contains(names, "gzip") {
		err = errors.New("the client supports no gzip")
	}
	return errors.Join(err, grpc.SetSendCompressor(ctx, encoding.Identity), grpc.SetSendCompressor(ctx, "gzip"),
		grpc.SetHeader(ctx, metadata.Pairs("set", "1")), grpc.SendHeader(ctx, metadata.Pairs("sent", "1")), grpc.SetTrailer(ctx, metadata.Pairs("set", "1")))
}

// strange is a stream of another transport, such as one within a process.
type strange struct{ ctx context.Context }

func (strange) Method() string               { return ordersv1.OrderStatus_GetOrderStatus_FullMethodName }
func (strange) SetHeader(metadata.MD) error  { return nil }
func (strange) SendHeader(metadata.MD) error { return nil }
func (strange) SetTrailer(metadata.MD) error { return nil }
func (s strange) Context() context.Context   { return s.ctx }

// TestTransportStreamOfOthers shows that a stream whose context cannot be
// replaced is handed out without it.
func TestTransportStreamOfOthers(t *testing.T) {
	issuer := newIssuer()
	server := serverOf(t, issuer, company(t))
	ctx := incoming(t.Context(), "Bearer "+issuer.Mint(good(nil)))
	ctx = grpc.NewContextWithServerTransportStream(ctx, strange{ctx})
	admitted, err := interceptor.Decide(server, ctx, ordersv1.OrderStatus_GetOrderStatus_FullMethodName)
	if err != nil {
		t.Fatal(err)
	}
	stream := grpc.ServerTransportStreamFromContext(admitted)
	if _, ok := stream.(contextual); ok {
		t.Error("the handler finds the context of the stream, with the token")
	}
	if method, ok := grpc.Method(admitted); !ok || method != ordersv1.OrderStatus_GetOrderStatus_FullMethodName {
		t.Errorf("method = %q", method)
	}
}
