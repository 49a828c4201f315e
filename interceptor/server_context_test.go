package interceptor_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestMetadataOfHandlers shows that no handler sees the token, or metadata that look
// like a verified identity, also not on public methods.
func TestMetadataOfHandlers(t *testing.T) {
	for name, change := range map[string]func(*access.Matrix){
		"admitted": func(*access.Matrix) {},
		"public":   func(m *access.Matrix) { public(m, "acme.orders.v1.OrderStatus") },
		"optional": func(m *access.Matrix) { optional(m) },
	} {
		var seen metadata.MD
		issuer := newIssuer()
		handler := &orders{anyCaller: true, inHandler: func(ctx context.Context) error {
			seen, _ = metadata.FromIncomingContext(ctx)
			for _, key := range []string{"authorization", "Authorization"} {
				if got := metadata.ValueFromIncomingContext(ctx, key); got != nil {
					t.Errorf("%s: %s = %q", name, key, got)
				}
			}
			return nil
		}}
		server := serverOf(t, issuer, company(t, change), interceptor.StripMetadata("x-tenant", "x-corp-*"))
		conn := testutil.Serve(t, server.Options(), func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, handler) })
		for shape, call := range shapes {
			sent := metadata.Pairs(
				"authorization", "Bearer "+issuer.Mint(good(nil)), "x-user", "root", "x-user-id", "0", "x-auth-request-email", "a@b",
				"x-forwarded-user", "root", "x-forwarded-email", "a@b", "x-forwarded-groups", "wheel", "x-forwarded-client-cert", "Hash=1",
				"grpcaud-would-refuse", "no", "x-tenant", "acme", "x-corp-role-bin", "\x01",
				"x-request-id", "r-1", "x-forwarded-for", "10.0.0.1", "x-tenant-name", "kept",
			)
			if err := call(metadata.NewOutgoingContext(t.Context(), sent), conn); err != nil {
				t.Errorf("%s, %s: %v", name, shape, err)
			}
			left := slices.DeleteFunc(slices.Sorted(maps.Keys(seen)), func(key string) bool { return !strings.HasPrefix(key, "x-") && !strings.HasPrefix(key, "grpcaud") })
			if want := []string{"x-forwarded-for", "x-request-id", "x-tenant-name"}; !slices.Equal(left, want) {
				t.Errorf("%s, %s: handlers see %q, want %q", name, shape, left, want)
			}
		}
	}
}

// TestStripMetadataRefused shows that a pattern which means nothing, or all, is
// a mistake.
func TestStripMetadataRefused(t *testing.T) {
	for _, pattern := range []string{"", "*", "X-User", "x-*-id", "x user", "x-é"} {
		if _, err := interceptor.NewServer(company(t), interceptor.Services("order-status"), interceptor.StripMetadata(pattern)); err == nil {
			t.Errorf("StripMetadata(%q) is no error", pattern)
		}
	}
}

// TestContextCannotBePrinted shows that no way of printing a handler's context,
// or one that comes from it, shows the token.
func TestContextCannotBePrinted(t *testing.T) {
	w := newWorld(t)
	token := w.issuer.Mint(good(nil))
	type key struct{}
	w.orders.inHandler = func(ctx context.Context) error {
		cancelled, cancel := context.WithCancel(ctx)
		defer cancel()
		for _, ctx := range []context.Context{ctx, cancelled, context.WithValue(ctx, key{}, "v"), context.WithoutCancel(ctx)} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
				for _, v := range []any{ctx, &ctx, interceptor.EvidenceOf(ctx), struct{ c context.Context }{ctx}, struct{ C context.Context }{ctx}, []any{ctx}, map[string]any{"c": ctx}} {
					secretless(t, verb, fmt.Sprintf(verb, v), token, fmt.Sprintf("%x", token))
				}
			}
		}
		return nil
	}
	for shape, call := range shapes {
		if err := call(bearing(t.Context(), "Bearer "+token), w.conn); err != nil {
			t.Errorf("%s: %v", shape, err)
		}
	}
}

// TestServerBehindAnotherJudgesItself shows that a server does not rely on another one
// before it in the chain: it judges by its own matrix, and finds no token.
func TestServerBehindAnotherJudgesItself(t *testing.T) {
	issuer := newIssuer()
	open := serverOf(t, issuer, company(t))
	strict := serverOf(t, issuer, company(t, func(m *access.Matrix) { m.Services["order-status"].Allow[0].Clients = []string{"order-status"} }))
	for name, servers := range map[string][2]*interceptor.Server{"the strict one last": {open, strict}, "the strict one first": {strict, open}} {
		heard := &orders{}
		conn := testutil.Serve(t, append(servers[0].Options(), servers[1].Options()...), func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, heard) })
		for shape, call := range shapes {
			ctx, cancel := context.WithTimeout(bearing(t.Context(), "Bearer "+issuer.Mint(good(nil))), 10*time.Second)
			defer cancel()
			want := codes.Internal // the one before takes the refusal for another service's
			if servers[0] == strict {
				want = codes.PermissionDenied
			}
			if got := verdictOf(call(ctx, conn)).Code; got != want || len(heard.callers) != 0 {
				t.Errorf("%s, %s: %v, and the handler ran %d times; want %v", name, shape, got, len(heard.callers), want)
			}
		}
	}
}

// TestServerTwiceInTheChainJudgesOnce shows that a server which is in the chain twice
// judges a call once, and that it judges a call which an interceptor makes from it.
func TestServerTwiceInTheChainJudgesOnce(t *testing.T) {
	issuer, log := newIssuer(), &log{}
	server := newServer(t, issuer, log, "order-status", "human-resource")
	heard := &orders{}
	conn := testutil.Serve(t, append(server.Options(), server.Options()...), func(s *grpc.Server) {
		ordersv1.RegisterOrderStatusServer(s, heard)
		hrv1.RegisterHumanResourceServer(s, humanResource{})
	})
	for shape, call := range shapes {
		before := strings.Count(log.String(), `msg="call admitted" method=/acme.orders.`)
		heard.inHandler = func(ctx context.Context) error {
			if n := interceptor.Leases(server); (n == 1) != (shape == "stream") {
				t.Errorf("%s: %d leases", shape, n)
			}
			info := &grpc.UnaryServerInfo{FullMethod: ordersv1.OrderStatus_GetOrderStatus_FullMethodName}
			handler := func(context.Context, any) (any, error) { return nil, nil }
			if _, err := unaryOf(server)(ctx, nil, &grpc.UnaryServerInfo{FullMethod: hrv1.HumanResource_GetEmployee_FullMethodName}, handler); verdictOf(err).Reason != audience.ReasonCredentialsMissing {
				t.Errorf("%s: another method within: %v", shape, err)
			}
			if _, err := unaryOf(server)(ctx, nil, &grpc.UnaryServerInfo{FullMethod: "/acme.hr.v1.Holidays/List"}, func(ctx context.Context, _ any) (any, error) {
				if caller, ok := audience.FromContext(ctx); ok {
					t.Errorf("%s: a public method within has the caller %+v", shape, caller)
				}
				return nil, nil
			}); err != nil {
				t.Errorf("%s: a public method within: %v", shape, err)
			}
			if _, err := unaryOf(server)(incoming(ctx, "Bearer x"), nil, info, handler); verdictOf(err).Reason != audience.ReasonTokenInvalid {
				t.Errorf("%s: another token within: %v", shape, err)
			}
			return nil
		}
		if err := call(bearing(t.Context(), "Bearer "+issuer.Mint(good(nil))), conn); err != nil {
			t.Errorf("%s: %v", shape, err)
		}
		if n := strings.Count(log.String(), `msg="call admitted" method=/acme.orders.`) - before; n != 1 {
			t.Errorf("%s: admitted %d times, want once", shape, n)
		}
	}
}
