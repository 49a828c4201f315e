package interceptor_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/internal/racedetector"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// portal is the company where the portal gets tokens from its issuer.
func portal(t *testing.T) (*testutil.Issuer, *access.Policy) {
	t.Setenv("CUSTOMER_SECRET", "customer-secret")
	issuer := testutil.NewIssuer(corp, testutil.Lifetime(3*time.Hour))
	issuer.Register(testutil.Client{ID: "customer-portal", Secret: "customer-secret", Audiences: []string{"order-status"}, Scopes: map[string][]string{"order-status": {"orders.read"}}})
	return issuer, company(t, func(m *access.Matrix) {
		service := m.Services["order-status"]
		service.Authorities = []string{"service.test"}
		m.Services["order-status"] = service
		m.Clients["customer-portal"] = access.Client{Secret: access.SecretRef{Env: "CUSTOMER_SECRET"}}
		m.Issuers["corp"] = access.Issuer{URL: corp, Ask: access.Ask{Parameter: "audience"}}
	})
}

// TestClientsAfterDroppedKey shows that 300 clients with cached tokens and short
// deadlines are served again within 2 s when the issuer has dropped the key of
// those tokens, whatever strangers send beside them.
func TestClientsAfterDroppedKey(t *testing.T) {
	clients := 300
	if racedetector.On {
		clients = 60 // the race detector's own memory is bounded
	}
	for name, forged := range map[string]func(*testutil.Issuer, int) string{
		"alone": nil,
		"beside strangers": func(i *testutil.Issuer, n int) string {
			return i.Mint(good(nil), testutil.Header("kid", fmt.Sprint(n)))
		},
		"beside strangers, one kid": func(i *testutil.Issuer, _ int) string { return i.Mint(good(nil), testutil.Header("kid", "one")) },
	} {
		t.Run(name, func(t *testing.T) {
			issuer, policy := portal(t)
			synctest.Test(t, func(t *testing.T) {
				server := serverOf(t, issuer, policy)
				serve := func(opts ...grpc.DialOption) *grpc.ClientConn {
					return testutil.Serve(t, server.Options(), func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, &orders{}) }, opts...)
				}
				var conns []*grpc.ClientConn
				for range clients {
					c, err := interceptor.NewClient(policy, "customer-portal", interceptor.Transport(issuer.Transport()), interceptor.Logger(slog.New(slog.DiscardHandler)))
					if err != nil {
						t.Fatal(err)
					}
					t.Cleanup(func() { c.Close() })
					conns = append(conns, serve(c.DialOptions("order-status")...))
				}
				call := func(n int) error {
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					defer cancel()
					return shapes[[]string{"unary", "stream"}[n%2]](ctx, conns[n])
				}
				for n := range clients {
					if err := call(n); err != nil {
						t.Fatalf("before: %v", err)
					}
				}
				issuer.Rotate("ES256")
				issuer.Retire()
				time.Sleep(time.Hour) // the server learns of it by its own fetch
				ctx, stop := context.WithCancel(t.Context())
				var strangers, group sync.WaitGroup
				if forged != nil {
					conn := serve()
					for n := range clients {
						strangers.Go(func() {
							for m := n; ctx.Err() == nil; m += clients {
								shapes["unary"](bearing(ctx, "Bearer "+forged(issuer, m)), conn)
								time.Sleep(300 * time.Millisecond)
							}
						})
					}
					time.Sleep(time.Second)
				}
				began := time.Now()
				for n := range clients {
					group.Go(func() {
						time.Sleep(rand.N(time.Second))
						err := call(n)
						for ; err != nil && time.Since(began) < 20*time.Minute; err = call(n) {
							t.Logf("client %d: %v", n, err)
							time.Sleep(rand.N(time.Second))
						}
						if took := time.Since(began); err != nil || took > 2*time.Second {
							t.Errorf("client %d is served again after %v: %v", n, took, err)
						}
					})
				}
				group.Wait()
				stop()
				strangers.Wait()
			})
		})
	}
}

// TestClientIsToldInTimeThatAKeyIsMissing shows that a client whose token's key is not
// in memory gets an answer before its deadline, with a code that says what is known.
func TestClientIsToldInTimeThatAKeyIsMissing(t *testing.T) {
	unavailable := verdict{codes.Unavailable, audience.ReasonIssuerUnavailable}
	invalid := verdict{codes.Unauthenticated, audience.ReasonTokenInvalid}
	for name, row := range map[string]struct {
		claims testutil.Claims
		sign   testutil.MintOption
		want   verdict
		took   time.Duration
	}{
		"a key never seen":           {nil, testutil.Header("kid", "new"), unavailable, 900 * time.Millisecond},
		"a key never seen, ended":    {testutil.Claims{"iat": nil, "exp": 946684800 + 60}, testutil.Header("kid", "new"), verdict{codes.Unauthenticated, audience.ReasonTokenExpired}, 0},
		"a key that was dropped":     {nil, testutil.SignedBy(ownKey), invalid, 0},
		"a dropped key, ended":       {testutil.Claims{"exp": 946684800 + 60}, testutil.SignedBy(ownKey), invalid, 0},
		"older than the set at hand": {testutil.Claims{"iat": 946684800 + 60}, testutil.Header("kid", "new"), invalid, 0},
	} {
		for shape, call := range shapes {
			t.Run(name+"/"+shape, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					issuer := newIssuer()
					issuer.Use(ownKey)
					server := serverOf(t, issuer, company(t))
					conn := testutil.Serve(t, server.Options(), func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, &orders{}) })
					bear := func(claims testutil.Claims, opts ...testutil.MintOption) error {
						ctx, cancel := context.WithTimeout(t.Context(), time.Second)
						defer cancel()
						return call(bearing(ctx, "Bearer "+issuer.Mint(good(claims), opts...)), conn)
					}
					if err := bear(nil); err != nil {
						t.Fatal(err)
					}
					issuer.Rotate("ES256")
					issuer.Retire()
					time.Sleep(time.Hour)
					for bear(nil, testutil.Header("kid", "a stranger's")) == nil {
						t.Fatal("a stranger is admitted")
					}
					began := time.Now()
					err := bear(row.claims, row.sign)
					if got := verdictOf(err); got != row.want {
						t.Errorf("refused with %v, want %v", got, row.want)
					}
					if took := time.Since(began); took != row.took {
						t.Errorf("refused after %v, want %v", took, row.took)
					}
					var delay time.Duration
					for _, detail := range status.Convert(err).Details() {
						if info, ok := detail.(*errdetails.RetryInfo); ok {
							delay = info.GetRetryDelay().AsDuration()
						}
					}
					if told := delay > 0; told != (row.want == unavailable) {
						t.Errorf("to come again after %v", delay)
					}
				})
			})
		}
	}
}
