package interceptor_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"google.golang.org/grpc"
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

// minting is a source of tokens of order-status for human-resource, a new one each time.
type minting struct{ issuer *testutil.Issuer }

func (m minting) Token(context.Context, tokensource.Request) (tokensource.Token, error) {
	token := m.issuer.Mint(testutil.Claims{"aud": "human-resource", "client_id": "order-status", "sub": "order-status"})
	return tokensource.NewToken(token, time.Time{}), nil
}

func (minting) Drop(tokensource.Request, tokensource.Token) {}

// relay is a way for a handler to call the next service and to pass on its refusal.
type relay struct {
	dial   []grpc.DialOption
	before func(context.Context) context.Context
	after  func(ctx context.Context, err error, trailer metadata.MD) error
}

func unchanged(_ context.Context, err error, _ metadata.MD) error { return err }

// copied returns the error of gRPC with all its details.
func copied(_ context.Context, err error, _ metadata.MD) error {
	if refusal, ok := errors.AsType[*interceptor.RefusedError](err); ok {
		err = refusal.Unwrap()
	}
	return status.FromProto(status.Convert(err).Proto()).Err()
}

func withTrailers(ctx context.Context, err error, trailer metadata.MD) error {
	_ = grpc.SetTrailer(ctx, trailer)
	return copied(ctx, err, trailer)
}

func withMetadata(ctx context.Context) context.Context {
	md, _ := metadata.FromIncomingContext(ctx)
	md = md.Copy()
	md.Delete("authorization")
	return metadata.NewOutgoingContext(ctx, md)
}

func asItCame(ctx context.Context) context.Context { return ctx }

func relays(issuer *testutil.Issuer) map[string]relay {
	creds := grpc.WithPerRPCCredentials(interceptor.AsService(minting{issuer}, "human-resource"))
	retrying := append(interceptor.Retry(), creds)
	plain := []grpc.DialOption{creds}
	return map[string]relay{
		"unchanged":                            {retrying, asItCame, unchanged},
		"unchanged, of a plain connection":     {plain, asItCame, unchanged},
		"wrapped":                              {retrying, asItCame, func(_ context.Context, err error, _ metadata.MD) error { return fmt.Errorf("employee: %w", err) }},
		"wrapped, of a plain connection":       {plain, asItCame, func(_ context.Context, err error, _ metadata.MD) error { return fmt.Errorf("employee: %w", err) }},
		"joined":                               {retrying, asItCame, func(_ context.Context, err error, _ metadata.MD) error { return errors.Join(err, errors.New("x")) }},
		"copied with details":                  {retrying, asItCame, copied},
		"with trailers":                        {retrying, asItCame, withTrailers},
		"with trailers, of a plain connection": {plain, asItCame, withTrailers},
		"unchanged, with the challenge": {retrying, asItCame, func(ctx context.Context, err error, trailer metadata.MD) error {
			trailer.Delete("grpc-status-details-bin")
			_ = grpc.SetTrailer(ctx, trailer)
			return err
		}},
		"with metadata and trailers":        {retrying, withMetadata, withTrailers},
		"with metadata and trailers, plain": {plain, withMetadata, withTrailers},
	}
}

// guards returns the options of each kind of guard before a handler.
func guards(t *testing.T, server *interceptor.Server) map[string][]grpc.ServerOption {
	t.Helper()
	authenticate, err := server.AuthFunc(interceptor.InsecureNoLeases{})
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]grpc.ServerOption{
		"Options": server.Options(),
		"AuthFunc": {
			grpc.ChainUnaryInterceptor(auth.UnaryServerInterceptor(authenticate)),
			grpc.ChainStreamInterceptor(auth.StreamServerInterceptor(authenticate)),
		},
		"a proxy": nil, // it has judged the call, and adds no proof
	}
}

// TestNoHandlerRunsTwice shows that a refusal which a handler received from another
// service and passes on, in whatever way and behind whatever guard, neither repeats
// the call nor drops the good token.
func TestNoHandlerRunsTwice(t *testing.T) {
	issuer := newIssuer()
	list := revocation.NewList(8)
	revoke(t, list, revocation.Entry{Client: "order-status", IssuedBefore: time.Now().Add(time.Hour)})
	further, err := interceptor.NewServer(company(t), interceptor.Services("human-resource"), interceptor.Transport(issuer.Transport()), interceptor.Revocations(list))
	if err != nil {
		t.Fatal(err)
	}
	defer further.Close()
	for guard, opts := range guards(t, serverOf(t, issuer, company(t))) {
		for name, relay := range relays(issuer) {
			t.Run(guard+"/"+name, func(t *testing.T) {
				next := testutil.Serve(t, further.Options(), func(s *grpc.Server) { hrv1.RegisterHumanResourceServer(s, humanResource{}) }, relay.dial...)
				var ran atomic.Int32
				served := &orders{anyCaller: true, inHandler: func(ctx context.Context) error {
					ran.Add(1)
					var trailer metadata.MD
					_, err := employee(relay.before(ctx), next, grpc.Trailer(&trailer))
					if reason, _ := interceptor.ReasonOf(err); reason != audience.ReasonTokenRevoked {
						t.Errorf("the next service says %v, want %s", err, audience.ReasonTokenRevoked)
					}
					return relay.after(ctx, err, trailer)
				}}
				portal := newClient(t, issuer, company(t, withSecrets(t)), "customer-portal")
				conn := testutil.Serve(t, opts, func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, served) }, portal.DialOptions("order-status")...)
				before := issuer.Requests(testutil.Token)
				for shape, call := range shapes {
					ran.Store(0)
					ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
					err := call(ctx, conn)
					cancel()
					if n := ran.Load(); n != 1 || err == nil || isRefused(err) {
						t.Errorf("%s: the handler ran %d times, and the client has %#v", shape, n, err)
					}
				}
				if n := issuer.Requests(testutil.Token) - before; n != 1 {
					t.Errorf("%d token requests, want 1: the token was good", n)
				}
			})
		}
	}
}

// TestRefusalOfAnotherConnectionRepeatsNothing shows that a call is not repeated for
// a refusal that an interceptor of its connection received on another connection.
func TestRefusalOfAnotherConnectionRepeatsNothing(t *testing.T) {
	creds := grpc.WithPerRPCCredentials(interceptor.AsService(&numbered{}, "order-status"))
	refusing := (&gate{script: []audience.Reason{audience.ReasonTokenRevoked}}).serve(t, append(interceptor.Retry(), creds)...)
	g := &gate{script: []audience.Reason{""}}
	conn := g.serve(t, append(interceptor.Retry(), creds, grpc.WithChainUnaryInterceptor(
		func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			if err := invoke(ctx, method, req, reply, conn, opts...); err != nil {
				return err
			}
			return shapes["unary"](t.Context(), refusing)
		}))...)
	if err := shapes["unary"](t.Context(), conn); !isRefused(err) || len(g.tokens) != 1 {
		t.Errorf("%v after %d calls, want the refusal after 1", err, len(g.tokens))
	}
}

// through serves a proxy that passes on everything in both directions without reading
// it.
func through(t *testing.T, backend *grpc.ClientConn, dial ...grpc.DialOption) *grpc.ClientConn {
	hand := func(_ any, in grpc.ServerStream) error {
		method, _ := grpc.MethodFromServerStream(in)
		md, _ := metadata.FromIncomingContext(in.Context())
		out, err := backend.NewStream(metadata.NewOutgoingContext(in.Context(), md.Copy()), &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, method)
		if err != nil {
			return err
		}
		var m ordersv1.GetOrderStatusRequest // no message of these tests has a field
		if err := in.RecvMsg(&m); err != nil {
			return err
		}
		_ = out.SendMsg(&m) // RecvMsg returns the error that stops it
		_ = out.CloseSend()
		for err = out.RecvMsg(&m); err == nil; err = out.RecvMsg(&m) {
			if err := in.SendMsg(&m); err != nil {
				return err
			}
		}
		in.SetTrailer(out.Trailer())
		if errors.Is(err, io.EOF) {
			return nil
		}
		return status.Convert(err).Err()
	}
	return testutil.Serve(t, []grpc.ServerOption{grpc.UnknownServiceHandler(hand)}, func(*grpc.Server) {}, dial...)
}

// TestCallThatTheGuardRefusedIsRepeatedOnce shows that a call whose token the
// server's own guard refuses is repeated once with another token, and that its
// handler runs once: also under AuthFunc, and behind a proxy.
func TestCallThatTheGuardRefusedIsRepeatedOnce(t *testing.T) {
	for _, proxied := range []bool{false, true} {
		for _, guard := range []string{"Options", "AuthFunc"} {
			for shape, call := range shapes {
				issuer, list := newIssuer(), revocation.NewList(8)
				var ran atomic.Int32
				served := &orders{inHandler: func(context.Context) error { ran.Add(1); return nil }}
				server := serverOf(t, issuer, company(t), interceptor.Revocations(list))
				opts := guards(t, server)[guard]
				register := func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, served) }
				dial := append(interceptor.Retry(), grpc.WithPerRPCCredentials(interceptor.AsService(&replaced{issuer: issuer}, "order-status")))
				var conn *grpc.ClientConn
				if proxied {
					conn = through(t, testutil.Serve(t, opts, register), dial...)
				} else {
					conn = testutil.Serve(t, opts, register, dial...)
				}
				revoke(t, list, revocation.Entry{ID: "token-1", Expires: time.Now().Add(time.Hour)})
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				err := call(metadata.AppendToOutgoingContext(ctx, "grpcaud-call", "OF-ANOTHER"), conn)
				cancel()
				if n := ran.Load(); n != 1 || err != nil {
					t.Errorf("proxied: %t, %s, %s: the handler ran %d times, %v", proxied, guard, shape, n, err)
				}
			}
		}
	}
}

// replaced is a source of real tokens for order-status, token-1 and so on: a new one
// after the last was dropped.
type replaced struct {
	numbered
	issuer *testutil.Issuer
	last   tokensource.Token
	of     int
}

func (r *replaced) Token(context.Context, tokensource.Request) (tokensource.Token, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of != r.n+1 {
		r.of = r.n + 1
		r.last = tokensource.NewToken(r.issuer.Mint(good(testutil.Claims{"jti": fmt.Sprint("token-", r.of)})), time.Time{})
	}
	return r.last, nil
}

func (r *replaced) Drop(_ tokensource.Request, t tokensource.Token) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t == r.last {
		r.n++
	}
}

// TestEachAttemptHasANameOfItsOwn shows that no two attempts of calls share a name,
// also where one is made once more, and that a name is short: HTTP/2 cannot compress
// what never comes again.
func TestEachAttemptHasANameOfItsOwn(t *testing.T) {
	g := &gate{script: []audience.Reason{audience.ReasonTokenExpired, "", audience.ReasonTokenRevoked, ""}}
	creds := grpc.WithPerRPCCredentials(interceptor.AsService(&numbered{}, "order-status"))
	conn := g.serve(t, append(interceptor.Retry(), creds)...)
	for range 2 {
		for shape, call := range shapes {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			if err := call(ctx, conn); err != nil {
				t.Errorf("%s: %v", shape, err)
			}
			cancel()
		}
	}
	seen := map[string]bool{}
	for _, name := range g.names {
		seen[name] = true
		if len(name) < 11 || len(name) > 16 {
			t.Errorf("name %q, want 11 to 16 bytes", name)
		}
	}
	if want := 2*len(shapes) + 2; len(seen) != want || len(g.tokens) != want || len(g.names) != want {
		t.Errorf("%d names, %d of them different, of %d attempts; want %d", len(g.names), len(seen), len(g.tokens), want)
	}
}
