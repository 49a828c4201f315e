package interceptor_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/go-jose/go-jose/v4"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestAnswerAndLogHoldNoToken shows that no token is in an answer or in the log. Every
// attack test searches them. No row has a server with only one of the two
// interceptors: grpc-go does not say which interceptors a server has, so Options
// always returns both.
func TestAnswerAndLogHoldNoToken(t *testing.T) {
	forged := bent(func(token string) string { return token[:len(token)-8] + "AAAAAAAA" })
	run(t, []attack{
		{"no credentials/no credentials", nil, sent(), credentialsMissing, 0},
		{"answer/answer to a forged token", nil, forged, signatureInvalid, 1},
		{"answer/answer to a token for another", nil, token(testutil.Claims{"aud": "human-resource"}), audienceMismatch, 0},
		{"log/log of what is no token", nil, sent("Bearer correct-horse-battery-staple-correct-horse"), tokenMalformed, 0},
		{"log/log of another scheme", nil, sent("Basic Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5LXN0YXBsZQ=="), schemeUnsupported, 0},
	})
}

// TestTokenCannotBePrinted shows that nothing that a handler can reach prints the
// token.
func TestTokenCannotBePrinted(t *testing.T) {
	inHandler(t, "printed/printed", func(t *testing.T, a *testbed, call shape) {
		values, seen := token(nil)(a), ""
		a.orders.inHandler = func(ctx context.Context) error {
			caller, _ := audience.FromContext(ctx)
			md, _ := metadata.FromIncomingContext(ctx)
			for _, verb := range []string{"%v", "%+v", "%s", "%q"} { // others read the locks of a context
				seen += fmt.Sprintf(verb, ctx)
			}
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
				seen += fmt.Sprintf(verb+verb+verb, caller, &caller, md)
			}
			return nil
		}
		if err := call(bearing(t.Context(), values...), a.conn); err != nil {
			t.Fatal(err)
		}
		tokenless(t, "context", seen, values...)
	})
}

// TestMetadataNamesNoCaller shows that a client cannot pose as the proxy or the
// interceptor that tells the handler who calls.
func TestMetadataNamesNoCaller(t *testing.T) {
	spoofed := metadata.Pairs("x-user", "admin", "x-user-id", "admin", "x-auth-subject", "admin", "x-auth-request-user", "admin",
		"x-forwarded-user", "admin", "x-forwarded-email", "admin", "x-forwarded-groups", "admin", "x-forwarded-client-cert", "admin",
		"grpcaud-caller", "admin", "grpcaud-user", "admin")
	inHandler(t, "spoofed/spoofed", func(t *testing.T, a *testbed, call shape) {
		var caller audience.Caller
		var md metadata.MD
		a.orders.inHandler = func(ctx context.Context) error {
			caller, _ = audience.FromContext(ctx)
			md, _ = metadata.FromIncomingContext(ctx)
			return nil
		}
		if err := call(bearing(metadata.NewOutgoingContext(t.Context(), spoofed.Copy()), token(nil)(a)...), a.conn); err != nil {
			t.Fatal(err)
		}
		if caller.User != "alice" {
			t.Errorf("the caller is %q, want alice", caller.User)
		}
		for key := range spoofed {
			if values := md.Get(key); values != nil {
				t.Errorf("the handler sees %s %q", key, values)
			}
		}
	})
}

// inHandler tries something by a unary and by a streaming call.
func inHandler(t *testing.T, name string, try func(*testing.T, *testbed, shape)) {
	t.Helper()
	for shape, call := range shapes {
		t.Run(name+"/"+shape, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { try(t, newTestbed(t, nil), call) })
		})
	}
}

// TestStrangersMakeNoSeries shows that calls without a genuine token add a bounded
// number of series to the metrics.
func TestStrangersMakeNoSeries(t *testing.T) {
	t.Run("labels/series", func(t *testing.T) { synctest.Test(t, cardinality) })
}

func cardinality(t *testing.T) {
	reader := sdk.NewManualReader()
	a := newTestbed(t, func(a *testbed) {
		a.options = append(a.options, interceptor.MeterProvider(sdk.NewMeterProvider(sdk.WithReader(reader))), interceptor.Logger(slog.New(slog.DiscardHandler)))
	})
	some := func() any { return fmt.Sprintf("%x", rand.Uint64()) }
	flood := func(calls int) {
		for range calls {
			for _, send := range []func(*testbed) []string{
				token(nil, testutil.Header("kid", some())), token(testutil.Claims{"iss": some()}), token(testutil.Claims{"sub": some()}),
				token(testutil.Claims{"client_id": some()}), token(testutil.Claims{"aud": some()}), token(nil, testutil.Header("typ", some())),
			} {
				_ = shapes["unary"](bearing(t.Context(), send(a)...), a.conn)
			}
			_ = a.conn.Invoke(t.Context(), "/acme.hr.v1.HumanResource/"+some().(string), &ordersv1.GetOrderStatusRequest{}, &ordersv1.GetOrderStatusResponse{})
		}
	}
	flood(1)
	few := series(t, reader)
	flood(300)
	if got := series(t, reader); got != few {
		t.Errorf("%d series after many strangers, %d after one", got, few)
	}
}

func series(t *testing.T, reader sdk.Reader) (n int) {
	t.Helper()
	var rm metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &rm); err != nil {
		t.Fatal(err)
	}
	for _, scope := range rm.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				n += len(data.DataPoints)
			case metricdata.Gauge[int64]:
				n += len(data.DataPoints)
			case metricdata.Gauge[float64]:
				n += len(data.DataPoints)
			case metricdata.Histogram[float64]:
				n += len(data.DataPoints)
			}
		}
	}
	if n == 0 {
		t.Fatal("no series")
	}
	return n
}

// TestDependenciesAreNotVulnerableVersions shows the transport to a version without its
// known faults. That the vulnerability database knows no others is asked by
// govulncheck.
func TestDependenciesAreNotVulnerableVersions(t *testing.T) {
	t.Run("versions/grpc", func(t *testing.T) {
		var major, minor, patch int
		if _, err := fmt.Sscanf(grpc.Version, "%d.%d.%d", &major, &minor, &patch); err != nil {
			t.Fatal(err)
		}
		if got, least := (major*1000+minor)*1000+patch, 1_083_002; got < least {
			t.Errorf("grpc %s, want at least 1.83.2", grpc.Version)
		}
	})
}

// TestLargeTokensAreRefusedCheaply shows that a text which cannot be a token is
// refused at the cost of at most one buffer for the largest token.
func TestLargeTokensAreRefusedCheaply(t *testing.T) {
	rs := testutil.NewKey("RS256")
	a := newTestbed(t, func(a *testbed) {
		a.options = []interceptor.ServerOption{interceptor.Logger(slog.New(slog.DiscardHandler))}
	})
	for name, value := range map[string]string{
		"costly/zip bomb":        encrypted(t, rs, make([]byte, 4<<20), jose.DEFLATE),
		"costly/16 000 dots":     strings.Repeat(".", 16_000),
		"costly/100 000 dots":    strings.Repeat(".", 100_000),
		"costly/huge p2c":        base64url.EncodeToString([]byte(`{"alg":"PBES2-HS256+A128KW","p2c":2147483647}`)) + ".A.A.A.A",
		"JSON/1 000 000 members": "A." + base64url.EncodeToString(members(1_000_000)) + ".A",
		"size/1 MiB":             strings.Repeat("A", 1<<20),
		"size/15 MiB":            strings.Repeat("A", 15<<20),
	} {
		t.Run(name, func(t *testing.T) {
			const calls, most = 20, 64 << 10
			ctx := arriving("Bearer " + value)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for range calls {
				if err := a.unary(ctx); err == nil {
					t.Fatal("admitted")
				}
			}
			runtime.ReadMemStats(&after)
			if per := (after.TotalAlloc - before.TotalAlloc) / calls; per > most {
				t.Errorf("%d bytes for a call, want at most %d", per, most)
			}
		})
	}
	if got := a.asked(); got != 0 {
		t.Errorf("the issuer was asked %d times", got)
	}
}

// members returns an object with this many members.
func members(count int) []byte {
	text := []byte(`{"k":0`)
	for n := range count {
		text = strconv.AppendInt(append(text, `,"k`...), int64(n), 36)
		text = append(text, `":0`...)
	}
	return append(text, '}')
}

// arriving returns the context of a call over TLS with these authorization values, as
// gRPC makes it.
func arriving(values ...string) context.Context {
	ctx := peer.NewContext(context.Background(), &peer.Peer{AuthInfo: credentials.TLSInfo{
		CommonAuthInfo: credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity},
	}})
	return metadata.NewIncomingContext(ctx, metadata.MD{"authorization": values})
}

// unary has the server judge a unary call, without a wire.
func (a *testbed) unary(ctx context.Context) error {
	info := &grpc.UnaryServerInfo{FullMethod: paths["unary"]}
	_, err := unaryOf(a.server)(ctx, nil, info, func(context.Context, any) (any, error) { return nil, nil })
	return err
}
