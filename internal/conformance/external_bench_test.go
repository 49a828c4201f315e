package conformance_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/interceptor/extauthz"
	"github.com/grpcaud/grpcaud/internal/idp"
	"github.com/grpcaud/grpcaud/testutil"
)

// measuredMatrix is the matrix of the benchmark, with the issuer's URL twice.
const measuredMatrix = `version: 1
issuers:
  corp: {url: %q, preset: keycloak, jwks: %q, insecure: loopback}
services:
  order-status:
    grpc: [acme.orders.v1.OrderStatus]
    allow:
      - {clients: [customer-portal], methods: ["*"], scopes: [orders.read]}
clients: {customer-portal: {}}
`

// measured is three times Envoy before one service, by what it does about tokens.
type measured struct {
	conns map[string]*grpc.ClientConn
	ctx   context.Context // has a good token
}

const (
	noCheck     = "no-check"
	ownFilters  = "own-filters"
	askingAuthz = "asking-authz"
)

func newMeasured(b *testing.B) measured {
	b.Helper()
	server := httptest.NewUnstartedServer(nil)
	issuer := testutil.NewIssuer("http://"+server.Listener.Addr().String(), testutil.Typ("JWT"), testutil.EveryToken(testutil.Claims{"typ": "Bearer"}))
	server.Config.Handler = issuer
	server.Start()
	b.Cleanup(server.Close)
	matrix := filepath.Join(b.TempDir(), "access.yaml")
	if err := os.WriteFile(matrix, fmt.Appendf(nil, measuredMatrix, issuer.URL(), issuer.URL()+string(testutil.JWKS)), 0o600); err != nil {
		b.Fatal(err)
	}
	policy, err := policyfile.Load(matrix)
	if err != nil {
		b.Fatal(err)
	}
	guard, err := interceptor.NewServer(policy, interceptor.Services("order-status"),
		interceptor.AllowPlaintext(interceptor.Loopback), interceptor.Logger(slog.New(slog.DiscardHandler)))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { guard.Close() })
	authz, err := extauthz.New(guard)
	if err != nil {
		b.Fatal(err)
	}
	decides := grpc.NewServer()
	authz.Register(decides)
	addr, _ := listenAndServe(b, "127.0.0.1:0", decides)
	token := issuer.Mint(testutil.Claims{"aud": "order-status", "azp": "customer-portal", "sub": "alice", "scope": "orders.read", "exp": time.Now().Add(time.Hour).Unix()})
	m := measured{conns: map[string]*grpc.ClientConn{}, ctx: metadata.AppendToOutgoingContext(context.Background(), "authorization", "Bearer "+token)}
	arguments := []string{matrix, "--to", "envoy", "--bootstrap", "--listen", "127.0.0.1:0", "--upstream", newUnguarded(b).addr}
	asking := exported(b, append(arguments, "--authz", addr)...)
	for name, config := range map[string][]byte{noCheck: withoutCheck(b, asking), ownFilters: exported(b, arguments...), askingAuthz: asking} {
		m.conns[name] = connect(b, idp.Envoy(b, config).Addr("grpc"), grpc.WithTransportCredentials(insecure.NewCredentials()))
		m.warm(b, name)
	}
	return m
}

// withoutCheck removes the filter that asks from a configuration.
func withoutCheck(b *testing.B, config []byte) []byte {
	b.Helper()
	for _, part := range []string{`(?s)- name: envoy.filters.http.ext_authz.*?(- name: envoy.filters.http.router)`, `(?s)\n +typed_per_filter_config:.*?service: order-status()`} {
		shorter := regexp.MustCompile(part).ReplaceAll(config, []byte("$1"))
		if bytes.Equal(shorter, config) {
			b.Fatalf("the configuration has no %q:\n%s", part, config)
		}
		config = shorter
	}
	return config
}

// warm calls until Envoy has connections and keys.
func (m measured) warm(b *testing.B, name string) {
	b.Helper()
	var err error
	for range 100 {
		if err = m.call(name); err == nil {
			return
		}
		select {
		case <-b.Context().Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
	b.Fatalf("%s: %v", name, err)
}

func (m measured) call(name string) error {
	return m.conns[name].Invoke(m.ctx, getOrderStatus.full, &emptypb.Empty{}, &emptypb.Empty{})
}

// BenchmarkExtAuthz measures a unary call through Envoy: without a check, with Envoy's own
// filters, and with external authorization. The calls take turns, so that what else the
// machine does concerns all three.
func BenchmarkExtAuthz(b *testing.B) {
	if !asked("envoy") {
		idp.Envoy(b, nil) // skips
	}
	m := newMeasured(b)
	b.Run("latency", func(b *testing.B) {
		took := map[string][]time.Duration{}
		for b.Loop() {
			for name := range m.conns {
				began := time.Now()
				if err := m.call(name); err != nil {
					b.Fatal(err)
				}
				took[name] = append(took[name], time.Since(began))
			}
		}
		for name, all := range took {
			slices.Sort(all)
			b.ReportMetric(float64(all[len(all)/2].Microseconds()), name+"-p50-µs")
			b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), name+"-p99-µs")
		}
	})
	for name := range m.conns {
		b.Run("throughput/"+name, func(b *testing.B) {
			b.SetParallelism(16)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := m.call(name); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
		})
	}
}
