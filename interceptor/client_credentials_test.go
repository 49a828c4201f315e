package interceptor_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/credentials/local"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
)

func newSource(t testing.TB, issuer *testutil.Issuer, id, secret string) *tokensource.Cache {
	t.Helper()
	tokens, err := tokensource.New(issuer.URL(), tokensource.ClientCredentials(id, secret), tokensource.Transport(issuer.Transport()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tokens.Close() })
	return tokens
}

// orderStatus requests the usual token.
var orderStatus = tokensource.Request{Audience: "order-status"}

// fixed returns a source that always returns this token.
func fixed(text string) tokensource.Source {
	return tokensource.Func(func(context.Context, tokensource.Request) (tokensource.Token, error) {
		return tokensource.NewToken(text, time.Time{}), nil
	})
}

// TestAsServiceSendsItsOwnToken shows that each call carries a token for the
// audience, which the source requests once.
func TestAsServiceSendsItsOwnToken(t *testing.T) {
	w := newWorld(t)
	tokens := newSource(t, w.issuer, "customer-portal", "customer-secret")
	for shape, call := range shapes {
		if err := call(t.Context(), w.conn, grpc.PerRPCCredentials(interceptor.AsService(tokens, "order-status", interceptor.Scopes("orders.read")))); err != nil {
			t.Errorf("%s: %v", shape, err)
		}
	}
	if n := w.issuer.Requests(testutil.Token); n != 1 {
		t.Errorf("%d token requests for two calls, want 1", n)
	}
	if got := w.orders.callers[0]; got.Client != "customer-portal" || got.User != "" {
		t.Errorf("caller = %+v, want the portal as itself", got)
	}
}

// TestCallWithoutATokenIsNotSent shows the status code for each way not to get a
// token, and that nothing is sent.
func TestCallWithoutATokenIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		down := newIssuer()
		down.Down()
		hanging := newIssuer()
		hanging.Fault(testutil.Token, testutil.RespondNever())
		closed := newSource(t, w.issuer, "customer-portal", "customer-secret")
		closed.Close()
		for _, row := range []struct {
			name  string
			creds credentials.PerRPCCredentials
			want  codes.Code
		}{
			{"an audience that the client may not have", interceptor.AsService(newSource(t, w.issuer, "customer-portal", "customer-secret"), "human-resource"), codes.Unauthenticated},
			{"a wrong secret", interceptor.AsService(newSource(t, w.issuer, "customer-portal", "wrong"), "order-status"), codes.Unauthenticated},
			{"no audience", interceptor.AsService(newSource(t, w.issuer, "customer-portal", "customer-secret"), ""), codes.Unauthenticated},
			{"issuer down", interceptor.AsService(newSource(t, down, "customer-portal", "customer-secret"), "order-status"), codes.Unavailable},
			{"issuer hangs", interceptor.AsService(newSource(t, hanging, "customer-portal", "customer-secret"), "order-status"), codes.DeadlineExceeded},
			{"closed", interceptor.AsService(closed, "order-status"), codes.Unavailable},
			{"a mesh without a name", interceptor.AsService(fixed("x"), "order-status", interceptor.AllowPlaintext(interceptor.Mesh(""))), codes.Unauthenticated},
			{"no caller to act for", interceptor.OnBehalfOf(newSource(t, w.issuer, "order-status", "orders-secret"), "human-resource"), codes.Internal},
			{"no caller to forward", interceptor.Forward("order-status"), codes.Internal},
		} {
			for shape, call := range shapes {
				ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
				err := call(ctx, w.conn, grpc.PerRPCCredentials(row.creds))
				cancel()
				if got := status.Code(err); got != row.want {
					t.Errorf("%s, %s: %v, want %v", row.name, shape, err, row.want)
				}
				secretless(t, row.name, fmt.Sprint(err), "customer-secret", "orders-secret")
			}
		}
		if n := len(w.orders.callers); n != 0 {
			t.Errorf("%d calls reached the server", n)
		}
	})
}

// TestSecondAuthorizationValueIsRefused shows that a call which has an authorization
// value already is not sent with a second one, and that a server refuses two.
func TestSecondAuthorizationValueIsRefused(t *testing.T) {
	w := newWorld(t)
	token := w.issuer.Mint(good(nil))
	creds := interceptor.AsService(fixed(token), "order-status")
	for shape, call := range shapes {
		if err := call(bearing(t.Context(), "Bearer "+token), w.conn, grpc.PerRPCCredentials(creds)); !strings.Contains(fmt.Sprint(err), "has an authorization value already") {
			t.Errorf("%s: %v, want the second value noticed", shape, err)
		}
	}
	both := newWorld(t, grpc.WithPerRPCCredentials(creds))
	for shape, call := range shapes {
		if err := call(t.Context(), both.conn, grpc.PerRPCCredentials(creds)); status.Code(err) != codes.Unauthenticated {
			t.Errorf("%s: %v, want it refused", shape, err)
		}
	}
}

// TestPlaintextConnectionGetsNoToken shows that no token is requested before the
// connection is known to be private, however the credentials are attached.
func TestPlaintextConnectionGetsNoToken(t *testing.T) {
	asked := tokensource.Func(func(context.Context, tokensource.Request) (tokensource.Token, error) {
		t.Error("a token was asked for")
		return tokensource.Token{}, nil
	})
	creds := interceptor.AsService(asked, "order-status")
	plain := grpc.WithTransportCredentials(insecure.NewCredentials())
	if _, err := grpc.NewClient("passthrough:///x", plain, grpc.WithPerRPCCredentials(creds)); err == nil {
		t.Error("a connection in plaintext took the credentials")
	}
	register := func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, &orders{}) }
	inMemory := testutil.Serve(t, []grpc.ServerOption{grpc.Creds(insecure.NewCredentials())}, register, plain)
	for shape, call := range shapes {
		for name, opts := range map[string][]interceptor.CredentialsOption{
			"strict":                        nil,
			"loopback by another handshake": {interceptor.AllowPlaintext(interceptor.Loopback)},
		} {
			err := call(t.Context(), inMemory, grpc.PerRPCCredentials(interceptor.AsService(asked, "order-status", opts...)))
			if status.Code(err) != codes.Unauthenticated {
				t.Errorf("%s, %s: %v, want UNAUTHENTICATED", name, shape, err)
			}
		}
	}
}

// TestLoopbackWorksIfBothSidesAllowIt shows that plaintext within the machine works if both
// sides allow it.
func TestLoopbackWorksIfBothSidesAllowIt(t *testing.T) {
	issuer := newIssuer()
	server, err := interceptor.NewServer(company(t), interceptor.Services("order-status"),
		interceptor.Transport(issuer.Transport()), interceptor.AllowPlaintext(interceptor.Loopback))
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer(append(server.Options(), grpc.Creds(local.NewCredentials()))...)
	ordersv1.RegisterOrderStatusServer(s, &orders{})
	go s.Serve(listener)
	defer s.Stop()
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(local.NewCredentials()),
		grpc.WithPerRPCCredentials(interceptor.AsService(fixed(issuer.Mint(good(nil))), "order-status", interceptor.AllowPlaintext(interceptor.Loopback))))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for shape, call := range shapes {
		if err := call(t.Context(), conn); err != nil {
			t.Errorf("%s: %v", shape, err)
		}
	}
}

// TestOnBehalfOfExchangesTheCallersToken shows that a call on behalf of a caller
// carries an exchanged token for the next service, with the chain of callers in it.
func TestOnBehalfOfExchangesTheCallersToken(t *testing.T) {
	w := newWorld(t)
	tokens := newSource(t, w.issuer, "order-status", "orders-secret")
	var callers []string
	w.orders.inHandler = func(ctx context.Context) error {
		resp, err := hrv1.NewHumanResourceClient(w.conn).GetEmployee(ctx, &hrv1.GetEmployeeRequest{},
			grpc.PerRPCCredentials(interceptor.OnBehalfOf(tokens, "human-resource")))
		callers = resp.GetCallers()
		return err
	}
	for shape, call := range shapes {
		token := w.issuer.User("backoffice-portal", "alice", "order-status")
		if err := call(bearing(t.Context(), "Bearer "+token), w.conn); err != nil {
			t.Fatalf("%s: %v", shape, err)
		}
		if want := []string{"order-status", "alice", "order-status", "backoffice-portal"}; !slices.Equal(callers, want) {
			t.Errorf("%s: client, user and chain at the end = %q, want %q", shape, callers, want)
		}
	}
}

// TestFailedExchangeFailsTheCall shows that a failed exchange fails the call, that
// nothing is sent in its place, and that the first caller learns nothing about it.
func TestFailedExchangeFailsTheCall(t *testing.T) {
	w := newWorld(t)
	tokens := newSource(t, w.issuer, "order-status", "orders-secret")
	w.orders.inHandler = func(ctx context.Context) error {
		_, err := hrv1.NewHumanResourceClient(w.conn).GetEmployee(ctx, &hrv1.GetEmployeeRequest{},
			grpc.PerRPCCredentials(interceptor.OnBehalfOf(tokens, "human-resource")))
		return fmt.Errorf("asking for the clerk: %w", err)
	}
	token := w.issuer.User("backoffice-portal", "alice", "order-status")
	w.issuer.Revoke(token)
	for shape, call := range shapes {
		err := call(bearing(t.Context(), "Bearer "+token), w.conn)
		if got, want := verdictOf(err), (verdict{Code: codes.Unauthenticated}); got != want {
			t.Errorf("%s: %v, want %v: the reason is not about this caller's token", shape, got, want)
		}
		if got := status.Convert(err).Message(); strings.Contains(got, "invalid_grant") {
			t.Errorf("%s: the peer reads %q", shape, got)
		}
	}
	if strings.Contains(w.log.String(), "method=/acme.hr.v1.HumanResource/GetEmployee") {
		t.Errorf("the next service was called: %s", w.log)
	}
}

// TestForwardNeedsTheTargetInTheAudience shows that a token is passed on only if it
// is addressed to the target already.
func TestForwardNeedsTheTargetInTheAudience(t *testing.T) {
	w := newWorld(t)
	forward := func(ctx context.Context) error {
		_, err := hrv1.NewHumanResourceClient(w.conn).GetEmployee(ctx, &hrv1.GetEmployeeRequest{},
			grpc.PerRPCCredentials(interceptor.Forward("human-resource")))
		return err
	}
	w.orders.inHandler = forward
	both := w.issuer.Mint(good(testutil.Claims{"client_id": "backoffice-portal", "aud": []string{"order-status", "human-resource"}}))
	one := w.issuer.Mint(good(testutil.Claims{"client_id": "backoffice-portal"}))
	for shape, call := range shapes {
		if err := call(bearing(t.Context(), "Bearer "+both), w.conn); err != nil {
			t.Errorf("%s: a token for both: %v", shape, err)
		}
		if err := call(bearing(t.Context(), "Bearer "+one), w.conn); status.Code(err) != codes.Internal {
			t.Errorf("%s: a token for one: %v, want it refused", shape, err)
		}
	}
	if n := strings.Count(w.log.String(), "method=/acme.hr.v1.HumanResource/GetEmployee"); n != len(shapes) {
		t.Errorf("the next service was called %d times, want %d", n, len(shapes))
	}
}

// TestRefusalByTheNextServiceIsNotTheCallers shows that a refusal by the next
// service does not look like a refusal of the caller's own token.
func TestRefusalByTheNextServiceIsNotTheCallers(t *testing.T) {
	w := newWorld(t)
	w.orders.inHandler = func(ctx context.Context) error {
		_, err := hrv1.NewHumanResourceClient(w.conn).GetEmployee(ctx, &hrv1.GetEmployeeRequest{},
			grpc.PerRPCCredentials(interceptor.AsService(fixed("b7c9d2"), "human-resource")))
		return err
	}
	for shape, call := range shapes {
		err := call(bearing(t.Context(), "Bearer "+w.issuer.Mint(good(nil))), w.conn)
		if got, want := verdictOf(err), (verdict{Code: codes.Internal}); got != want {
			t.Errorf("%s: %v, want %v", shape, got, want)
		}
	}
}

// TestHandlersPassOnNoRefusal shows that a handler which returns an error of this
// toolkit, as it is, wrapped or joined, discloses nothing by it to its peer.
func TestHandlersPassOnNoRefusal(t *testing.T) {
	w := newWorld(t)
	refusal := &audience.Refusal{Cause: audience.CauseAudienceMismatch, Want: "secret-audience"}
	further := status.Error(codes.Unauthenticated, "secret-audience")
	detailed, err := status.Convert(further).WithDetails(&errdetails.ErrorInfo{Reason: "TOKEN_EXPIRED", Domain: interceptor.Domain})
	if err != nil {
		t.Fatal(err)
	}
	for name, returned := range map[string]error{
		"a refusal":          refusal,
		"wrapped":            fmt.Errorf("secret-audience: %w", refusal),
		"joined":             errors.Join(status.Error(codes.Internal, "secret-audience"), detailed.Err()),
		"of a source":        &tokensource.MismatchError{Want: "secret-audience"},
		"of another service": detailed.Err(),
	} {
		w.orders.inHandler = func(context.Context) error { return returned }
		for shape, call := range shapes {
			err := call(bearing(t.Context(), "Bearer "+w.issuer.Mint(good(nil))), w.conn)
			if _, ours := interceptor.ReasonOf(err); ours || err == nil || strings.Contains(err.Error(), "secret-audience") {
				t.Errorf("%s, %s: the peer reads %v", name, shape, err)
			}
		}
	}
	own := status.Error(codes.NotFound, "no such order")
	w.orders.inHandler = func(context.Context) error { return own }
	for shape, call := range shapes {
		err := call(bearing(t.Context(), "Bearer "+w.issuer.Mint(good(nil))), w.conn)
		if status.Code(err) != codes.NotFound || status.Convert(err).Message() != "no such order" {
			t.Errorf("%s: the handler's own error became %v", shape, err)
		}
	}
}
