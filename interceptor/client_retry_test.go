package interceptor_test

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
)

// numbered is a source whose tokens are "1", "2" and so on: a new one after the last was
// dropped.
type numbered struct {
	mu sync.Mutex // guards n
	n  int
}

func (s *numbered) Token(context.Context, tokensource.Request) (tokensource.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return tokensource.NewToken(fmt.Sprint(s.n+1), time.Time{}), nil
}

func (s *numbered) Drop(_ tokensource.Request, t tokensource.Token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.Reveal() == fmt.Sprint(s.n+1) {
		s.n++
	}
}

// gate is a server that follows a script: it refuses each call for the next reason, or
// admits it if the reason is empty. The last reason stays.
type gate struct {
	hrv1.UnimplementedHumanResourceServer
	ordersv1.UnimplementedOrderStatusServer

	mu      sync.Mutex // guards the fields below
	script  []audience.Reason
	blind   bool       // all calls are admitted, and nothing is recorded
	running bool       // refusals say that a stream ran before
	relays  bool       // refusals have the proof of other calls
	code    codes.Code // of refusals; 0 for UNAUTHENTICATED
	trailer metadata.MD
	tokens  []string // that arrived
	names   []string // of the attempts
}

func (g *gate) judge(ctx context.Context) error {
	if g.blind {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	md, _ := metadata.FromIncomingContext(ctx)
	g.tokens = append(g.tokens, strings.Join(md.Get("authorization"), "+"))
	g.names = append(g.names, md.Get("grpcaud-call")...)
	reason := g.script[0]
	if len(g.script) > 1 {
		g.script = g.script[1:]
	}
	if reason == "" {
		return nil
	}
	method, _ := grpc.Method(ctx)
	info := &errdetails.ErrorInfo{Reason: string(reason), Domain: interceptor.Domain, Metadata: map[string]string{"request_id": "r-1", "call": proofOf(md, method)}}
	if g.relays {
		info.Metadata["call"] = proofOf(metadata.Pairs("grpcaud-call", "OF-ANOTHER"), method)
	}
	if g.running {
		info.Metadata["ended"] = "stream"
	}
	st, err := status.New(cmp.Or(g.code, codes.Unauthenticated), reason.Phrase()).WithDetails(info)
	if err != nil {
		return err
	}
	return st.Err()
}

// proofOf returns the proof of a guard that refuses the call with these metadata.
func proofOf(md metadata.MD, method string) string {
	names := md.Get("grpcaud-call")
	if len(names) == 0 {
		return ""
	}
	return names[len(names)-1] + " " + strings.TrimPrefix(method, "/")
}

func (g *gate) options() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.UnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			if err := g.judge(ctx); err != nil {
				_ = grpc.SetTrailer(ctx, g.trailer)
				return nil, err
			}
			return handler(ctx, req)
		}),
		grpc.StreamInterceptor(func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			if err := g.judge(stream.Context()); err != nil {
				stream.SetTrailer(g.trailer)
				return err
			}
			return handler(srv, stream)
		}),
	}
}

func (g *gate) GetOrderStatus(context.Context, *ordersv1.GetOrderStatusRequest) (*ordersv1.GetOrderStatusResponse, error) {
	return &ordersv1.GetOrderStatusResponse{}, nil
}

func (g *gate) WatchOrderStatus(r *ordersv1.WatchOrderStatusRequest, stream grpc.ServerStreamingServer[ordersv1.WatchOrderStatusResponse]) error {
	return stream.Send(&ordersv1.WatchOrderStatusResponse{Order: &ordersv1.Order{Id: r.GetOrderId()}})
}

func (g *gate) ReviewEmployees(stream reviews) error { return echo(stream) }

func (g *gate) serve(t testing.TB, dial ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	return testutil.Serve(t, g.options(), func(s *grpc.Server) {
		ordersv1.RegisterOrderStatusServer(s, g)
		hrv1.RegisterHumanResourceServer(s, g)
	}, dial...)
}

// TestCallIsRepeatedOnceForReasonsThatATokenCures shows that a call is repeated at
// most once, only for the reasons that a new token can fix, and with a new token.
func TestCallIsRepeatedOnceForReasonsThatATokenCures(t *testing.T) {
	for _, row := range []struct {
		script []audience.Reason
		sent   string // the tokens that arrived
		want   audience.Reason
	}{
		{[]audience.Reason{""}, "1", ""},
		{[]audience.Reason{audience.ReasonTokenExpired, ""}, "1 2", ""},
		{[]audience.Reason{audience.ReasonTokenRevoked, ""}, "1 2", ""},
		{[]audience.Reason{audience.ReasonTokenWithdrawn, ""}, "1 2", ""},
		{[]audience.Reason{audience.ReasonTokenInvalid, ""}, "1 2", ""},
		{[]audience.Reason{audience.ReasonTokenExpired}, "1 2", audience.ReasonTokenExpired},
		{[]audience.Reason{audience.ReasonTokenRevoked}, "1 2", audience.ReasonTokenRevoked},
		{[]audience.Reason{audience.ReasonTokenExpired, audience.ReasonTokenRevoked, ""}, "1 2", audience.ReasonTokenRevoked},
		{[]audience.Reason{audience.ReasonAudienceMismatch, ""}, "1", audience.ReasonAudienceMismatch},
		{[]audience.Reason{audience.ReasonClientNotAllowed, ""}, "1", audience.ReasonClientNotAllowed},
		{[]audience.Reason{audience.ReasonCredentialsMissing, ""}, "1", audience.ReasonCredentialsMissing},
		{[]audience.Reason{audience.ReasonTokenNotObtained, ""}, "1", audience.ReasonTokenNotObtained},
		{[]audience.Reason{audience.ReasonIssuerUnavailable, ""}, "1", audience.ReasonIssuerUnavailable},
		{[]audience.Reason{audience.ReasonStepUpRequired, ""}, "1", audience.ReasonStepUpRequired},
	} {
		for shape, call := range shapes {
			for name, retry := range map[string][]grpc.DialOption{"once": interceptor.Retry(), "twice": append(interceptor.Retry(), interceptor.Retry()...)} {
				g := &gate{script: row.script}
				conn := g.serve(t, append(retry, grpc.WithPerRPCCredentials(interceptor.AsService(&numbered{}, "order-status")))...)
				err := call(t.Context(), conn)
				if got := verdictOf(err).Reason; got != row.want || err != nil && strings.Count(err.Error(), "request r-1") != 1 {
					t.Errorf("%q, %s, %s: %v, want %q", row.script, shape, name, err, row.want)
				}
				if got := strings.ReplaceAll(strings.Join(g.tokens, " "), "Bearer ", ""); got != row.sent {
					t.Errorf("%q, %s, %s: tokens %q came, want %q", row.script, shape, name, got, row.sent)
				}
			}
		}
	}
}

// TestCallThatMustNotBeRepeated shows which calls are not repeated although a new
// token could fix the reason: there is no other token, the call had none, or it has
// had an effect already.
func TestCallThatMustNotBeRepeated(t *testing.T) {
	cured := []audience.Reason{audience.ReasonTokenExpired, ""}
	for name, row := range map[string]struct {
		gate  *gate
		creds interceptor.CredentialsOption
		dial  []grpc.DialOption
		ctx   func(context.Context) context.Context
	}{
		"a source that cannot drop": {gate: &gate{script: cured}, dial: []grpc.DialOption{grpc.WithPerRPCCredentials(interceptor.AsService(fixed("1"), "order-status"))}},
		"no credentials":            {gate: &gate{script: cured}},
		"a token of the caller's":   {gate: &gate{script: cured}, ctx: func(ctx context.Context) context.Context { return bearing(ctx, "Bearer 1") }},
		"a refusal handed on":       {gate: &gate{script: cured, relays: true}, dial: []grpc.DialOption{grpc.WithPerRPCCredentials(interceptor.AsService(&numbered{}, "order-status"))}},
		"a stream that was ended":   {gate: &gate{script: cured, running: true}, dial: []grpc.DialOption{grpc.WithPerRPCCredentials(interceptor.AsService(&numbered{}, "order-status"))}},
	} {
		conn := row.gate.serve(t, append(row.dial, interceptor.Retry()...)...)
		ctx := t.Context()
		if row.ctx != nil {
			ctx = row.ctx(ctx)
		}
		err := shapes["stream"](ctx, conn)
		if verdictOf(err).Reason != audience.ReasonTokenExpired || len(row.gate.tokens) != 1 {
			t.Errorf("%s: %v after %d attempts", name, err, len(row.gate.tokens))
		}
	}
}

// TestRetriesAreLimited shows that calls to a server which refuses every token are
// repeated ten times, and then once a second.
func TestRetriesAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{script: []audience.Reason{audience.ReasonTokenExpired}}
		conn := g.serve(t, append(interceptor.Retry(), grpc.WithPerRPCCredentials(interceptor.AsService(&numbered{}, "order-status")))...)
		extra := func(calls int) int {
			before := len(g.tokens)
			for range calls {
				if err := shapes["unary"](t.Context(), conn); err == nil {
					t.Error("a call went through")
				}
			}
			return len(g.tokens) - before - calls
		}
		for _, row := range []struct {
			pause time.Duration
			want  int
		}{{0, 10}, {0, 0}, {999 * time.Millisecond, 0}, {time.Millisecond, 1}, {3500 * time.Millisecond, 3}, {time.Hour, 10}} {
			time.Sleep(row.pause)
			if got := extra(20); got != row.want {
				t.Errorf("%d extra attempts after %v, want %d", got, row.pause, row.want)
			}
		}
	})
}

// TestSecondInvalidTokenStopsRetries shows that calls to a server which finds a
// second token invalid too are not repeated until it admits one.
func TestSecondInvalidTokenStopsRetries(t *testing.T) {
	for shape, call := range shapes {
		g := &gate{script: []audience.Reason{audience.ReasonTokenInvalid}}
		conn := g.serve(t, append(interceptor.Retry(), grpc.WithPerRPCCredentials(interceptor.AsService(&numbered{}, "order-status")))...)
		attempts := func(script ...audience.Reason) int {
			before := len(g.tokens)
			g.mu.Lock()
			g.script = script
			g.mu.Unlock()
			_ = call(t.Context(), conn)
			return len(g.tokens) - before
		}
		for i, row := range []struct {
			script []audience.Reason
			want   int
		}{
			{[]audience.Reason{audience.ReasonTokenInvalid}, 2},
			{[]audience.Reason{audience.ReasonTokenInvalid}, 1},
			{[]audience.Reason{audience.ReasonTokenExpired}, 2},
			{[]audience.Reason{""}, 1},
			{[]audience.Reason{audience.ReasonTokenInvalid, ""}, 2},
			{[]audience.Reason{audience.ReasonTokenExpired}, 2},
			{[]audience.Reason{audience.ReasonTokenInvalid, ""}, 2},
		} {
			if got := attempts(row.script...); got != row.want {
				t.Errorf("%s, %d: %d attempts for %q, want %d", shape, i, got, row.script, row.want)
			}
		}
	}
}

// TestRevokedTokenIsReplacedOnce shows with a real issuer and a real guard that a
// revoked token is replaced, by one token request.
func TestRevokedTokenIsReplacedOnce(t *testing.T) {
	for shape, call := range shapes {
		synctest.Test(t, func(t *testing.T) {
			issuer, served := newIssuer(), &orders{}
			list := revocation.NewList(8)
			client := newClient(t, issuer, company(t, withSecrets(t)), "customer-portal")
			server := serverOf(t, issuer, company(t), interceptor.Revocations(list))
			conn := testutil.Serve(t, server.Options(), func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, served) }, client.DialOptions("order-status")...)
			if err := call(t.Context(), conn); err != nil {
				t.Fatalf("%s: %v", shape, err)
			}
			time.Sleep(2 * time.Second)
			revoke(t, list, revocation.Entry{Client: "customer-portal", IssuedBefore: time.Now().Add(-time.Second)})
			if err := call(t.Context(), conn); err != nil {
				t.Errorf("%s: %v", shape, err)
			}
			if n := issuer.Requests(testutil.Token); n != 2 {
				t.Errorf("%s: %d token requests, want 2", shape, n)
			}
		})
	}
}

// TestEachServiceHasItsRetryBudget shows that a service which refuses everything takes
// nothing from the retry budget of calls to another service, and that all connections to
// one service share a budget.
func TestEachServiceHasItsRetryBudget(t *testing.T) {
	for shape, call := range shapes {
		synctest.Test(t, func(t *testing.T) {
			client := newClient(t, newIssuer(), company(t, withSecrets(t)), "backoffice-portal")
			refusing := &gate{script: []audience.Reason{audience.ReasonTokenExpired}}
			conns := []*grpc.ClientConn{refusing.serve(t, client.DialOptions("human-resource")...), refusing.serve(t, client.DialOptions("human-resource")...)}
			ctx, stop := context.WithCancel(t.Context())
			calls := 0
			var callers sync.WaitGroup
			var mu sync.Mutex // guards calls
			for n := range 40 {
				callers.Go(func() {
					for ctx.Err() == nil {
						_, _ = employee(ctx, conns[n%2])
						mu.Lock()
						calls++
						mu.Unlock()
						time.Sleep(10 * time.Millisecond)
					}
				})
			}
			time.Sleep(10*time.Second + 5*time.Millisecond)
			good := &gate{script: []audience.Reason{audience.ReasonTokenExpired, ""}}
			if err := call(t.Context(), good.serve(t, client.DialOptions("order-status")...)); err != nil || len(good.tokens) != 2 {
				t.Errorf("%s: another service: %v after %d attempts, want it tried again", shape, err, len(good.tokens))
			}
			stop()
			callers.Wait()
			if again := len(refusing.tokens) - calls; again > 10+12 {
				t.Errorf("%s: %d calls of the refusing service were tried again, want 22 at most", shape, again)
			}
		})
	}
}
