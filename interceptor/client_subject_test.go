package interceptor_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
)

// middle is a service in the middle of a chain: it is called, and calls human-resource
// for its caller, in each way.
type middle struct {
	issuer  *testutil.Issuer
	served  *orders
	conn    *grpc.ClientConn // to the service
	further map[string]*grpc.ClientConn
	gate    *gate // the next service
	list    *revocation.List
	down    atomic.Bool // the source of revocations is unavailable
}

// install returns the options by which a test installs the guard.
type install func(*testing.T, *interceptor.Server) []grpc.ServerOption

func byOptions(_ *testing.T, s *interceptor.Server) []grpc.ServerOption { return s.Options() }

func byAuthFunc(t *testing.T, s *interceptor.Server) []grpc.ServerOption {
	authenticate, err := s.AuthFunc(interceptor.InsecureNoLeases{})
	if err != nil {
		t.Fatal(err)
	}
	return []grpc.ServerOption{grpc.ChainUnaryInterceptor(auth.UnaryServerInterceptor(authenticate)), grpc.ChainStreamInterceptor(auth.StreamServerInterceptor(authenticate))}
}

func newMiddle(t *testing.T, installed install, opts ...interceptor.ServerOption) *middle {
	m := &middle{issuer: newIssuer(), served: &orders{}, gate: &gate{script: []audience.Reason{""}}, list: revocation.NewList(8)}
	client := newClient(t, m.issuer, company(t, withSecrets(t)), "order-status")
	m.further = map[string]*grpc.ClientConn{
		"OnBehalfOf": m.gate.serve(t, client.DialOptionsOnBehalfOf("human-resource")...), "Forward": m.gate.serve(t, client.DialOptionsForward("human-resource")...),
	}
	opts = append([]interceptor.ServerOption{interceptor.Revocations(m)}, opts...)
	server := serverOf(t, m.issuer, company(t), opts...)
	m.conn = testutil.Serve(t, installed(t, server), func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, m.served) })
	return m
}

// Revoked implements [revocation.Checker].
func (m *middle) Revoked(ctx context.Context, c *claims.Claims) error {
	if m.down.Load() {
		return errors.New("no route to host")
	}
	return m.list.Revoked(ctx, c)
}

// token returns a token that works for each way of calling the next service.
func (m *middle) token() string {
	return "Bearer " + m.issuer.Mint(testutil.Claims{
		"aud": []string{"order-status", "human-resource"}, "sub": "alice", "client_id": "backoffice-portal", "jti": "j1",
		"exp": time.Now().Add(time.Hour).Unix(),
	})
}

// reach calls the next service with ctx, in each way. That service implements nothing
// in these tests, so a call that arrives ends with UNIMPLEMENTED.
func (m *middle) reach(ctx context.Context) map[string]error {
	errs := map[string]error{}
	for verb, conn := range m.further {
		_, errs[verb] = employee(ctx, conn)
	}
	return errs
}

// wantNone fails the test unless no call reached the next service, for this reason, and
// no token was requested.
func (m *middle) wantNone(t *testing.T, what string, errs map[string]error, want string) {
	t.Helper()
	for verb, err := range errs {
		if err == nil || status.Code(err) == codes.Unimplemented || !strings.Contains(err.Error(), want) {
			t.Errorf("%s, %s: %v, want %q", what, verb, err, want)
		}
	}
	if n, asked := len(m.gate.tokens), m.issuer.Requests(testutil.Token); n != 0 || asked != 0 {
		t.Errorf("%s: %d tokens went further, %d were asked for", what, n, asked)
	}
}

const hasEnded = "the call that the caller was admitted for has ended"

// TestNothingIsDoneForTheCallerAfterTheCall shows that a context which a handler
// keeps does nothing for the caller once the call has ended, whichever way it ended.
func TestNothingIsDoneForTheCallerAfterTheCall(t *testing.T) {
	for name, row := range map[string]struct {
		installed install
		inHandler func(ctx context.Context, kept chan<- context.Context) error
	}{
		"the handler returned": {byOptions, func(ctx context.Context, kept chan<- context.Context) error {
			kept <- ctx
			return nil
		}},
		"the handler failed": {byOptions, func(ctx context.Context, kept chan<- context.Context) error {
			kept <- ctx
			return errors.New("out of order")
		}},
		"the client has gone": {byOptions, func(ctx context.Context, kept chan<- context.Context) error {
			<-ctx.Done()
			kept <- ctx
			time.Sleep(time.Minute)
			return nil
		}},
		"under AuthFunc": {byAuthFunc, func(ctx context.Context, kept chan<- context.Context) error {
			kept <- ctx
			return nil
		}},
	} {
		for shape, call := range shapes {
			t.Run(name+"/"+shape, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					m := newMiddle(t, row.installed)
					kept := make(chan context.Context, 1)
					m.served.inHandler = func(ctx context.Context) error { return row.inHandler(ctx, kept) }
					ctx, cancel := context.WithTimeout(bearing(t.Context(), m.token()), 10*time.Second)
					defer cancel()
					_ = call(ctx, m.conn)
					synctest.Wait()
					m.wantNone(t, name, m.reach(context.WithoutCancel(<-kept)), hasEnded)
				})
			})
		}
	}
}

// TestNothingIsDoneForTheCallerAfterTheHandler shows that nothing is done for a
// caller once the handler has returned, although its RPC has not ended: an
// interceptor around the guard is still running.
func TestNothingIsDoneForTheCallerAfterTheHandler(t *testing.T) {
	for shape, call := range shapes {
		t.Run(shape, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var m *middle
				kept := make(chan context.Context, 1)
				after := func() {
					m.wantNone(t, shape, m.reach(context.WithoutCancel(<-kept)), hasEnded)
				}
				m = newMiddle(t, func(t *testing.T, s *interceptor.Server) []grpc.ServerOption {
					return append([]grpc.ServerOption{
						grpc.ChainUnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
							resp, err := handler(ctx, req)
							after()
							return resp, err
						}),
						grpc.ChainStreamInterceptor(func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
							err := handler(srv, stream)
							after()
							return err
						}),
					}, s.Options()...)
				})
				m.served.inHandler = func(ctx context.Context) error {
					kept <- ctx
					return nil
				}
				ctx, cancel := context.WithTimeout(bearing(t.Context(), m.token()), time.Minute)
				defer cancel()
				if err := call(ctx, m.conn); err != nil {
					t.Errorf("the call: %v", err)
				}
				synctest.Wait()
			})
		})
	}
}

// TestNothingIsDoneForTheCallerAfterLeaseOrRevocation shows that a handler can do
// nothing more for a caller whose lease has ended or whose token was revoked, and
// that it could before.
func TestNothingIsDoneForTheCallerAfterLeaseOrRevocation(t *testing.T) {
	for name, row := range map[string]struct {
		shapes []string
		opts   []interceptor.ServerOption
		spoil  func(*testing.T, *middle)
		want   string
		code   codes.Code // UNAUTHENTICATED only if a new login helps the caller
	}{
		"revoked": {[]string{"unary", "stream"}, nil, func(t *testing.T, m *middle) { revoke(t, m.list, revocation.Entry{ID: "j1"}) }, "REVOKED", codes.Unauthenticated},
		"not to be found out": {[]string{"unary", "stream"}, nil, func(_ *testing.T, m *middle) {
			m.down.Store(true)
		}, "REVOCATION_UNAVAILABLE", codes.Unavailable},
		"the lease has ended": {[]string{"stream"}, []interceptor.ServerOption{interceptor.CheckOnReceive()}, func(*testing.T, *middle) {
			time.Sleep(2 * time.Hour)
		}, hasEnded, codes.Internal},
		"a revoked lease has ended": {[]string{"stream"}, []interceptor.ServerOption{interceptor.CheckOnReceive()}, func(t *testing.T, m *middle) {
			revoke(t, m.list, revocation.Entry{ID: "j1"})
			time.Sleep(2 * time.Second)
		}, hasEnded, codes.Internal},
	} {
		for _, shape := range row.shapes {
			t.Run(name+"/"+shape, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					m := newMiddle(t, byOptions, row.opts...)
					m.served.inHandler = func(ctx context.Context) error {
						for verb, err := range m.reach(context.WithoutCancel(ctx)) {
							if status.Code(err) != codes.Unimplemented {
								t.Errorf("%s before: %v, want it to arrive", verb, err)
							}
						}
						before := m.issuer.Requests(testutil.Token)
						m.gate.tokens = nil
						row.spoil(t, m)
						for verb, err := range m.reach(context.WithoutCancel(ctx)) {
							if status.Code(err) != row.code || !strings.Contains(err.Error(), row.want) {
								t.Errorf("%s after: %v, want %v with %q", verb, err, row.code, row.want)
							}
						}
						if n := m.issuer.Requests(testutil.Token) - before; n != 0 || len(m.gate.tokens) != 0 {
							t.Errorf("%d tokens were asked for, and %d went further", n, len(m.gate.tokens))
						}
						return nil
					}
					ctx, cancel := context.WithTimeout(bearing(t.Context(), m.token()), 24*time.Hour)
					defer cancel()
					_ = shapes[shape](ctx, m.conn)
				})
			})
		}
	}
}

// TestTokenExchangedAfterTheCallIsNotSent shows that a token whose exchange took
// longer than the call is not sent.
func TestTokenExchangedAfterTheCallIsNotSent(t *testing.T) {
	for shape, call := range shapes {
		t.Run(shape, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMiddle(t, byOptions)
				asked, answer := make(chan struct{}), make(chan struct{})
				slow := tokensource.Func(func(context.Context, tokensource.Request) (tokensource.Token, error) {
					close(asked)
					<-answer
					return tokensource.NewToken("exchanged", time.Now().Add(time.Hour)), nil
				})
				conn := m.gate.serve(t, grpc.WithPerRPCCredentials(interceptor.OnBehalfOf(slow, "human-resource")))
				outcome := make(chan error, 1)
				m.served.inHandler = func(ctx context.Context) error {
					go func() {
						_, err := employee(context.WithoutCancel(ctx), conn)
						outcome <- err
					}()
					<-asked
					return nil
				}
				ctx, cancel := context.WithTimeout(bearing(t.Context(), m.token()), time.Minute)
				defer cancel()
				_ = call(ctx, m.conn)
				synctest.Wait()
				close(answer)
				if err := <-outcome; err == nil || !strings.Contains(err.Error(), hasEnded) || len(m.gate.tokens) != 0 {
					t.Errorf("%v, and %d tokens went further", err, len(m.gate.tokens))
				}
			})
		})
	}
}

// TestNothingIsDoneForTheCallerOfAnUnenforcedStream shows that a stream which a new
// policy refuses, but does not enforce yet, does nothing more for its caller.
func TestNothingIsDoneForTheCallerOfAnUnenforcedStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer, g := newIssuer(), &gate{script: []audience.Reason{""}}
		client := newClient(t, issuer, company(t, withSecrets(t)), "order-status")
		further := g.serve(t, client.DialOptionsOnBehalfOf("human-resource")...)
		found := make(chan error, 1)
		o := newReviewServer(t, func(stream reviews) error {
			for {
				if _, err := stream.Recv(); err != nil {
					return err
				}
				_, err := employee(stream.Context(), further)
				found <- err
			}
		}, company(t))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		stream := o.openFor(t, ctx, o.mint(time.Hour))
		send(t, stream)
		if err := <-found; errors.Is(err, context.Canceled) || strings.Contains(status.Convert(err).Message(), "not enforced") {
			t.Errorf("before: %v", err)
		}
		for _, row := range []struct {
			policy   *access.Policy
			observed bool
		}{{company(t, only("order-status"), observed), true}, {company(t, observed), false}, {company(t, only("order-status"), observed), true}} {
			if err := o.server.Swap(row.policy); err != nil {
				t.Fatal(err)
			}
			send(t, stream)
			if err := <-found; strings.Contains(status.Convert(err).Message(), "its rule is not enforced yet") != row.observed {
				t.Errorf("observed %v: %v", row.observed, err)
			}
		}
	})
}
