package interceptor_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

const (
	getOrder    = "/acme.orders.v1.OrderStatus/GetOrderStatus"
	updateOrder = "/acme.orders.v1.OrderStatus/UpdateOrderStatus"
)

// guarded returns a server for the orders of a company that is in this mode.
func guarded(t testing.TB, issuer *testutil.Issuer, mode access.Mode, opts ...interceptor.ServerOption) *interceptor.Server {
	t.Helper()
	service := access.Service{
		GRPC:  []string{"acme.orders.v1.OrderStatus"},
		Allow: []access.Allow{{Clients: []string{"customer-portal"}, Methods: []string{"*"}, Scopes: []string{"orders.read"}}},
	}
	if mode != access.Enforce {
		service.Rollout = []access.Rollout{{Mode: mode, Until: time.Now().Add(24 * time.Hour)}}
	}
	policy, err := access.New(access.Matrix{
		Issuers:  map[string]access.Issuer{"corp": {URL: corp}},
		Services: map[string]access.Service{"order-status": service},
		Clients:  map[string]access.Client{"customer-portal": {}},
	})
	if err != nil {
		t.Fatal(err)
	}
	server, err := interceptor.NewServer(policy, interceptor.Services("order-status"), append([]interceptor.ServerOption{
		interceptor.Transport(issuer.Transport()), interceptor.Logger(slog.New(slog.DiscardHandler)),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return server
}

// arrived returns the context of a call with these metadata that came over TLS.
func arrived(ctx context.Context, pairs ...string) context.Context {
	ctx = peer.NewContext(ctx, &peer.Peer{AuthInfo: credentials.TLSInfo{
		CommonAuthInfo: credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity},
	}})
	return metadata.NewIncomingContext(ctx, metadata.Pairs(pairs...))
}

// call has server judge a call of method with this token.
func call(ctx context.Context, server *interceptor.Server, method, token string) error {
	_, err := unaryOf(server)(arrived(ctx, "authorization", "Bearer "+token), nil, &grpc.UnaryServerInfo{FullMethod: method},
		func(context.Context, any) (any, error) { return nil, nil })
	return err
}

// jsonLogger logs all levels into l.
func jsonLogger(l io.Writer) interceptor.ServerOption {
	return interceptor.Logger(slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug})))
}

// lines reads what a jsonLogger wrote.
func lines(t *testing.T, l *log) []map[string]any {
	t.Helper()
	var all []map[string]any
	for s := bufio.NewScanner(strings.NewReader(l.String())); s.Scan(); {
		line := map[string]any{}
		if err := json.Unmarshal(s.Bytes(), &line); err != nil {
			t.Fatalf("%v: %s", err, s.Text())
		}
		all = append(all, line)
	}
	return all
}

// serveOrders serves the orders of anybody behind server.
func serveOrders(t *testing.T, server *interceptor.Server, opts ...grpc.ServerOption) *grpc.ClientConn {
	t.Helper()
	return testutil.Serve(t, append(opts, server.Options()...), registerAnybody)
}

func registerAnybody(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, anybody{}) }

// anybody answers all calls, with a caller and without.
type anybody struct {
	ordersv1.UnimplementedOrderStatusServer
}

func (anybody) GetOrderStatus(context.Context, *ordersv1.GetOrderStatusRequest) (*ordersv1.GetOrderStatusResponse, error) {
	return &ordersv1.GetOrderStatusResponse{}, nil
}

func (anybody) WatchOrderStatus(_ *ordersv1.WatchOrderStatusRequest, stream grpc.ServerStreamingServer[ordersv1.WatchOrderStatusResponse]) error {
	return stream.Send(&ordersv1.WatchOrderStatusResponse{})
}

// TestPeerIsToldWhyItsStreamEnded shows that the end of a running stream is told as
// one, once, and one that only would end as that.
func TestPeerIsToldWhyItsStreamEnded(t *testing.T) {
	for mode, want := range map[access.Mode]struct {
		decision, level string
		rows            int // of WouldRefuse
	}{
		access.Enforce: {"ended", "INFO", 0},
		access.Warn:    {"would_refuse", "WARN", 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			issuer, written := newIssuer(), &log{}
			counting, reader := meter(t)
			server := guarded(t, issuer, mode, counting, jsonLogger(written))
			conn := testutil.Serve(t, server.Options(), func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, endless{}) })
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			_ = shapes["stream"](bearing(ctx, "Bearer "+issuer.Mint(good(testutil.Claims{"exp": time.Now().Add(time.Minute).Unix()}))), conn)
			synctest.Wait() // the peer may hear of the end before it is logged
			got := lines(t, written)
			if len(got) != 2 || got[0]["decision"] != "admitted" {
				t.Fatalf("%v: lines %v, want one of the beginning and one of the end", mode, got)
			}
			line := got[1]
			if line["decision"] != want.decision || line["level"] != want.level || line["cause"] != "EXPIRED_MIDSTREAM" || line["stream"] != true || line["client"] != "customer-portal" {
				t.Errorf("%v: line %v, want decision %s at level %s", mode, line, want.decision, want.level)
			}
			if took := time.Duration(line["took"].(float64)); took < time.Minute || took > 2*time.Minute {
				t.Errorf("%v: took %v, want the life of the stream", mode, took)
			}
			series := " client=customer-portal decision=" + want.decision + " mode=" + mode.String() + " reason=TOKEN_EXPIRED rpc.method=WatchOrderStatus rpc.service=acme.orders.v1.OrderStatus"
			counts := counted(t, reader)
			if counts["grpcaud.server.decisions"+series] != 1 || counts["grpcaud.server.duration decision="+want.decision+" rpc.method=WatchOrderStatus rpc.service=acme.orders.v1.OrderStatus"] != 0 {
				t.Errorf("%v: counts %v, want the end counted and not timed", mode, counts)
			}
			if rows := server.WouldRefuse(); len(rows) != want.rows {
				t.Errorf("%v: would refuse %v, want %d rows", mode, rows, want.rows)
			}
		})
	}
}

// endless is a server whose stream lasts until its context ends.
type endless struct{ anybody }

func (endless) WatchOrderStatus(_ *ordersv1.WatchOrderStatusRequest, stream grpc.ServerStreamingServer[ordersv1.WatchOrderStatusResponse]) error {
	<-stream.Context().Done()
	return stream.Context().Err()
}
