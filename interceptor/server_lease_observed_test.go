package interceptor_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	middleware "github.com/grpc-ecosystem/go-grpc-middleware/v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// observed has the rules of the human resources observed for an hour.
func observed(m *access.Matrix) {
	s := m.Services["human-resource"]
	s.Rollout = []access.Rollout{{Mode: access.Observe, Until: time.Now().Add(time.Hour)}}
	m.Services["human-resource"] = s
}

// TestStreamLetThroughUnenforcedEndsWhenEnforced shows that a stream which was let
// through unenforced ends when its rule is enforced: by a new policy at once, or when
// the rollout ends.
func TestStreamLetThroughUnenforcedEndsWhenEnforced(t *testing.T) {
	for name, enforce := range map[string]func(*testing.T, *reviewServer){
		"by a new policy": func(t *testing.T, o *reviewServer) {
			if err := o.server.Swap(company(t)); err != nil {
				t.Fatal(err)
			}
		},
		"at the end of the rollout": func(*testing.T, *reviewServer) {},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newReviewServer(t, echo, company(t, observed))
				stream := o.openWith(t, "forged")
				confirm(t, stream)
				began := time.Now()
				enforce(t, o)
				if got, want := verdictOf(drain(stream)), (verdict{codes.Unauthenticated, audience.ReasonTokenInvalid}); got != want {
					t.Errorf("ended with %v, want %v", got, want)
				}
				if ran := time.Since(began); ran > time.Hour+2*time.Minute {
					t.Errorf("ran %v beyond", ran)
				}
			})
		})
	}
}

// TestObservedStreamEndsWhenItsRuleIsEnforced shows that a running stream which a new
// policy refuses without enforcing it ends when the policy is enforced.
func TestObservedStreamEndsWhenItsRuleIsEnforced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newReviewServer(t, echo, company(t))
		stream := o.open(t, 10*time.Hour)
		confirm(t, stream)
		if err := o.server.Swap(company(t, only("order-status"), observed)); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if got, want := verdictOf(drain(stream)), (verdict{codes.PermissionDenied, audience.ReasonClientNotAllowed}); got != want {
			t.Errorf("ended with %v, want %v", got, want)
		}
		if ran := time.Since(began); ran < time.Hour || ran > time.Hour+2*time.Minute {
			t.Errorf("ran %v, want an hour", ran)
		}
	})
}

// TestOpenStreamIsGuarded shows that a stream without a token ends when a new
// policy asks for one, while its handler waits.
func TestOpenStreamIsGuarded(t *testing.T) {
	for name, open := range map[string]func(*access.Matrix){
		"public":   func(m *access.Matrix) { m.Public = append(m.Public, "acme.hr.v1.HumanResource/ReviewEmployees") },
		"optional": func(m *access.Matrix) { m.Services["human-resource"].Allow[0].Optional = true },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newReviewServer(t, echo, company(t, open))
				stream, err := hrv1.NewHumanResourceClient(o.conn).ReviewEmployees(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				confirm(t, stream)
				time.Sleep(24 * time.Hour)
				confirm(t, stream)
				if err := o.server.Swap(company(t)); err != nil {
					t.Fatal(err)
				}
				if got, want := verdictOf(drain(stream)), (verdict{codes.Unauthenticated, audience.ReasonCredentialsMissing}); got != want {
					t.Errorf("ended with %v, want %v", got, want)
				}
			})
		})
	}
}

// TestStreamEndsWithItsTokenAfterItsContext shows that a stream still ends with its
// token after its context has ended for another reason.
func TestStreamEndsWithItsTokenAfterItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		server := newServer(t, issuer, &log{}, "human-resource")
		hurry := func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			wrapped := middleware.WrapServerStream(stream)
			ctx, cancel := context.WithTimeout(stream.Context(), time.Minute)
			defer cancel()
			wrapped.WrappedContext = ctx
			return handler(srv, wrapped)
		}
		o := &reviewServer{issuer: issuer, log: &log{}, review: echo, server: server}
		o.conn = testutil.Serve(t, append([]grpc.ServerOption{grpc.ChainStreamInterceptor(hurry)}, server.Options()...), func(s *grpc.Server) {
			hrv1.RegisterHumanResourceServer(s, o)
		})
		stream := o.open(t, 10*time.Minute)
		confirm(t, stream)
		began := time.Now()
		if got, want := verdictOf(drain(stream)), (verdict{codes.Unauthenticated, audience.ReasonTokenExpired}); got != want {
			t.Errorf("ended with %v, want %v", got, want)
		}
		if ran := time.Since(began); ran > 11*time.Minute {
			t.Errorf("ran %v", ran)
		}
	})
}

// TestDetachedContextIsJudged shows that a call with the context of an ended call is
// judged.
func TestDetachedContextIsJudged(t *testing.T) {
	w := newWorld(t)
	contexts := make(chan context.Context, 1)
	w.orders.inHandler = func(ctx context.Context) error {
		contexts <- context.WithoutCancel(ctx)
		return nil
	}
	if err := shapes["unary"](bearing(t.Context(), "Bearer "+w.issuer.Mint(good(nil))), w.conn); err != nil {
		t.Fatal(err)
	}
	info := &grpc.UnaryServerInfo{FullMethod: ordersv1.OrderStatus_GetOrderStatus_FullMethodName}
	_, err := unaryOf(w.server)(<-contexts, nil, info, func(context.Context, any) (any, error) {
		t.Error("let in")
		return nil, nil
	})
	if got, want := verdictOf(err), (verdict{codes.Unauthenticated, audience.ReasonCredentialsMissing}); got != want {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestCopyOfTheTokenByAGatewayIsHidden shows that handlers do not see the copy of the
// token that a gateway adds.
func TestCopyOfTheTokenByAGatewayIsHidden(t *testing.T) {
	w := newWorld(t)
	w.orders.inHandler = func(ctx context.Context) error {
		md, _ := metadata.FromIncomingContext(ctx)
		for _, name := range []string{"authorization", "grpcgateway-authorization", "proxy-authorization", "grpcgateway-cookie"} {
			if len(md.Get(name)) > 0 {
				t.Errorf("the handler sees %s", name)
			}
		}
		return nil
	}
	for shape, call := range shapes {
		token := "Bearer " + w.issuer.Mint(good(nil))
		ctx := metadata.AppendToOutgoingContext(bearing(t.Context(), token),
			"grpcgateway-authorization", token, "proxy-authorization", token, "grpcgateway-cookie", "session=1")
		if err := call(ctx, w.conn); err != nil {
			t.Errorf("%s: %v", shape, err)
		}
	}
}
