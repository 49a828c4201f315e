package interceptor_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestRefusalIsFoundInAWrappedError shows that a refusal is found in the error of a
// call, also if it is wrapped, with everything that the server said.
func TestRefusalIsFoundInAWrappedError(t *testing.T) {
	issuer, served := newIssuer(), &orders{}
	list := revocation.NewList(8)
	server := serverOf(t, issuer, company(t, func(m *access.Matrix) {
		m.Services["order-status"].Allow[0].Scopes = []string{"orders.write"}
	}), interceptor.Revocations(list))
	register := func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, served) }
	client := newClient(t, issuer, company(t, withSecrets(t)), "customer-portal")
	conn := testutil.Serve(t, server.Options(), register, client.DialOptions("order-status")...)
	for shape, call := range shapes {
		ctx := metadata.AppendToOutgoingContext(t.Context(), "x-request-id", "r-"+shape)
		err := fmt.Errorf("asking for an order: %w", call(ctx, conn))
		refusal, ok := errors.AsType[*interceptor.RefusedError](err)
		if !ok {
			t.Fatalf("%s: %v is no RefusedError", shape, err)
		}
		if refusal.Code != codes.PermissionDenied || refusal.Reason != audience.ReasonScopeInsufficient || refusal.RequestID != "r-"+shape || refusal.Ended {
			t.Errorf("%s: %+v", shape, refusal)
		}
		if refusal.Service != "order-status" || refusal.Method != methodOfShape[shape] {
			t.Errorf("%s: refused by %q at %q", shape, refusal.Service, refusal.Method)
		}
		if c := refusal.Challenge; c.Error != "insufficient_scope" || len(c.Wanted.Scopes) != 1 || c.Wanted.Scopes[0] != "orders.write" {
			t.Errorf("%s: challenge %+v", shape, c)
		}
		if status.Code(err) != codes.PermissionDenied || infosOf(status.Convert(err)) != 0 {
			t.Errorf("%s: its status is %v", shape, status.Convert(err))
		}
		if as := status.Convert(refusal.Unwrap()); as.Code() != codes.PermissionDenied || len(as.Details()) != 1 {
			t.Errorf("%s: the status as gRPC has it is %v", shape, as)
		}
		if reason, ok := interceptor.ReasonOf(err); !ok || reason != audience.ReasonScopeInsufficient {
			t.Errorf("%s: ReasonOf = %q", shape, reason)
		}
		if want := "rpc error: code = PermissionDenied desc = scope insufficient (SCOPE_INSUFFICIENT, order-status " + methodOfShape[shape] + ", request r-" + shape + ")"; refusal.Error() != want {
			t.Errorf("%s: %q, want %q", shape, refusal, want)
		}
	}
}

// TestOtherErrorsAreNoRefusals shows that errors of handlers, and of calls that were
// not sent, are no refusals.
func TestOtherErrorsAreNoRefusals(t *testing.T) {
	issuer, served := newIssuer(), &orders{inHandler: func(context.Context) error { return status.Error(codes.PermissionDenied, "not yours") }}
	client := newClient(t, issuer, company(t, withSecrets(t)), "customer-portal")
	conn := connect(t, issuer, served, client.DialOptions("order-status")...)
	for shape, call := range shapes {
		if err := call(t.Context(), conn); isRefused(err) || status.Convert(err).Message() != "not yours" {
			t.Errorf("%s, the handler's: %#v", shape, err)
		}
		if err := call(bearing(t.Context(), "Bearer x"), conn); isRefused(err) || verdictOf(err) != refusedHere {
			t.Errorf("%s, not sent: %#v", shape, err)
		}
	}
}

// infosOf counts the details by which clients know a refusal.
func infosOf(st *status.Status) (n int) {
	for _, detail := range st.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok && info.GetDomain() == interceptor.Domain {
			n++
		}
	}
	return n
}

func isRefused(err error) bool {
	_, ok := errors.AsType[*interceptor.RefusedError](err)
	return ok
}

// TestAddressInAChallengeIsNotFollowed shows that a challenge is the server's word
// and nothing more: no address in it is asked for anything.
func TestAddressInAChallengeIsNotFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		client := newClient(t, issuer, company(t, withSecrets(t)), "customer-portal")
		const challenge = `Bearer realm="https://evil.example/token", error="invalid_token", resource_metadata="https://evil.example", scope="everything"`
		g := &gate{script: []audience.Reason{audience.ReasonTokenExpired}, trailer: metadata.Pairs("www-authenticate", "Basic", "www-authenticate", challenge, "www-authenticate", `Bearer realm="later"`)}
		conn := g.serve(t, client.DialOptions("order-status")...)
		for shape, call := range shapes {
			refusal, ok := errors.AsType[*interceptor.RefusedError](call(t.Context(), conn))
			if !ok || refusal.Challenge.Realm != "https://evil.example/token" || refusal.RequestID != "r-1" {
				t.Errorf("%s: %+v", shape, refusal)
			}
		}
		if n, asked := issuer.Requests(testutil.Discovery), issuer.Requests(testutil.Token); n != 1 || asked > 1+len(shapes) {
			t.Errorf("the issuer was asked %d times for its metadata, %d times for tokens", n, asked)
		}
	})
}

// TestForeignChallengeDropsNoToken shows that a server without this toolkit can
// refuse by a challenge, and that no token is dropped for it.
func TestForeignChallengeDropsNoToken(t *testing.T) {
	for shape, call := range shapes {
		for _, code := range []codes.Code{codes.Unauthenticated, codes.PermissionDenied, codes.Internal} {
			calls := 0
			conn := testutil.Serve(t, []grpc.ServerOption{grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
				calls++
				stream.SetTrailer(metadata.Pairs("www-authenticate", `Bearer realm="x", error="invalid_token"`))
				return status.Error(code, "no")
			})}, func(*grpc.Server) {}, append(interceptor.Retry(), grpc.WithPerRPCCredentials(interceptor.AsService(&numbered{}, "order-status")))...)
			err := call(t.Context(), conn)
			refusal, ok := errors.AsType[*interceptor.RefusedError](err)
			if ok != (code != codes.Internal) || ok && (refusal.Reason != "" || refusal.Challenge.Error != "invalid_token" || refusal.Error() != refusal.Unwrap().Error()+" ("+methodOfShape[shape]+")") {
				t.Errorf("%s, %v: %v", shape, code, err)
			}
			if calls != 1 || status.Code(err) != code {
				t.Errorf("%s, %v: %v after %d calls", shape, code, err, calls)
			}
		}
	}
}

// TestRefusalWithoutARequestID shows the text of a refusal that has no request id.
func TestRefusalWithoutARequestID(t *testing.T) {
	refuse := func(_ any, stream grpc.ServerStream) error {
		md, _ := metadata.FromIncomingContext(stream.Context())
		method, _ := grpc.MethodFromServerStream(stream)
		st, err := status.New(codes.PermissionDenied, "no").WithDetails(
			&errdetails.ErrorInfo{Reason: "SCOPE_INSUFFICIENT", Domain: interceptor.Domain, Metadata: map[string]string{"call": proofOf(md, method)}},
			&errdetails.RetryInfo{}, &errdetails.ErrorInfo{Reason: "ANOTHER", Domain: "example.com"})
		if err != nil {
			return err
		}
		return st.Err()
	}
	conn := testutil.Serve(t, []grpc.ServerOption{grpc.UnknownServiceHandler(refuse)}, func(*grpc.Server) {}, interceptor.Retry()...)
	for shape, call := range shapes {
		if err, want := call(t.Context(), conn), "rpc error: code = PermissionDenied desc = no (SCOPE_INSUFFICIENT, "+methodOfShape[shape]+")"; err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", shape, err, want)
		} else if details := status.Convert(err).Details(); len(details) != 3 || infosOf(status.Convert(err)) != 0 {
			t.Errorf("%s: details %v, want those that are not ours", shape, details)
		}
	}
}
