package interceptor_test

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"
	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestAccessLogNamesTheCaller shows that a logging interceptor names the caller wherever it
// stands, in both shapes.
func TestAccessLogNamesTheCaller(t *testing.T) {
	issuer := newIssuer()
	caller := map[string]any{"grpcaud.issuer": corp, "grpcaud.client": "customer-portal", "grpcaud.user": "alice"}
	for name, row := range map[string]struct {
		before bool
		claims testutil.Claims
		want   []map[string]any // for each line, of the fields about the caller
	}{
		"before":              {true, nil, []map[string]any{caller}},
		"behind":              {false, nil, []map[string]any{caller}},
		"before, refused":     {true, testutil.Claims{"aud": "x"}, []map[string]any{{"grpcaud.issuer": corp, "grpcaud.client": "customer-portal", "grpcaud.user": "alice", "grpcaud.reason": "AUDIENCE_MISMATCH"}}},
		"before, not genuine": {true, testutil.Claims{"iss": "https://evil.example"}, []map[string]any{{"grpcaud.reason": "TOKEN_INVALID"}}},
	} {
		for shape, do := range shapes {
			written := &log{}
			conn := serveOrdersLogged(t, guarded(t, issuer, access.Enforce), written, row.before)
			_ = do(bearing(t.Context(), "Bearer "+issuer.Mint(good(row.claims))), conn)
			var got []map[string]any
			for _, line := range lines(t, written) {
				about := map[string]any{}
				for _, key := range []string{"grpcaud.issuer", "grpcaud.client", "grpcaud.user", "grpcaud.reason"} {
					if value, ok := line[key]; ok {
						about[key] = value
					}
				}
				got = append(got, about)
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", name, shape, diff)
			}
		}
	}
}

// serveOrdersLogged serves with an access log before or behind server.
func serveOrdersLogged(t *testing.T, server *interceptor.Server, written *log, before bool) *grpc.ClientConn {
	t.Helper()
	unary, stream := accessLog(written)
	if before {
		return serveOrders(t, server, unary, stream)
	}
	return testutil.Serve(t, append(server.Options(), unary, stream), registerAnybody)
}

// accessLog returns go-grpc-middleware's logging interceptors.
func accessLog(written *log) (unary, stream grpc.ServerOption) {
	logger := slog.New(slog.NewJSONHandler(written, nil))
	to := logging.LoggerFunc(func(ctx context.Context, level logging.Level, msg string, fields ...any) {
		logger.Log(ctx, slog.LevelInfo, msg, fields...)
	})
	opts := []logging.Option{logging.WithLogOnEvents(logging.FinishCall), logging.WithFieldsFromContext(interceptor.LogFields)}
	return grpc.ChainUnaryInterceptor(logging.UnaryServerInterceptor(to, opts...)), grpc.ChainStreamInterceptor(logging.StreamServerInterceptor(to, opts...))
}

// TestLogFieldsOfAConnectionAreNotChanged shows that the fields of a connection, which
// its calls share, are left alone.
func TestLogFieldsOfAConnectionAreNotChanged(t *testing.T) {
	issuer := newIssuer()
	server := guarded(t, issuer, access.Enforce)
	shared := logging.InjectFields(t.Context(), logging.Fields{"connection", "7"})
	if err := call(shared, server, getOrder, issuer.Mint(good(nil))); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(logging.Fields{"connection", "7"}, logging.ExtractFields(shared)); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

// TestAccessLogOfEndedStreams shows that the end of a running stream does not touch the
// fields, which the stream's own goroutine may read at that time.
func TestAccessLogOfEndedStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer, written := newIssuer(), &log{}
		server := guarded(t, issuer, access.Enforce)
		unary, stream := accessLog(written)
		conn := testutil.Serve(t, append([]grpc.ServerOption{unary, stream}, server.Options()...), func(s *grpc.Server) {
			ordersv1.RegisterOrderStatusServer(s, endless{})
		})
		err := shapes["stream"](bearing(t.Context(), "Bearer "+issuer.Mint(good(testutil.Claims{"exp": time.Now().Add(time.Minute).Unix()}))), conn)
		synctest.Wait()
		line := lines(t, written)[0]
		if line["grpcaud.client"] != "customer-portal" || line["grpcaud.reason"] != nil || verdictOf(err).Reason != audience.ReasonTokenExpired {
			t.Errorf("%v: line %v, want the client and no reason", err, line)
		}
	})
}
