package connectguard_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/interceptor/connectguard"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

func newClient(t testing.TB, c *company, name string, opts ...interceptor.ClientOption) *interceptor.Client {
	t.Helper()
	as, err := interceptor.NewClient(c.policy, name, append(opts, interceptor.Transport(c.issuer.Transport()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = as.Close() })
	return as
}

// TestClientPresentsTokens shows that clients present tokens of the matrix, in each
// protocol, for unary calls and streams; and that a call is made once more when its token
// was revoked.
func TestClientPresentsTokens(t *testing.T) {
	t.Setenv("CONNECTGUARD_SECRET", "secret")
	for protocol, opts := range protocols {
		c := newCompany(t, &orders{})
		as := newClient(t, c, "customer-portal")
		present, err := connectguard.ClientInterceptor(as, "order-status", c.server.URL)
		if err != nil {
			t.Fatal(err)
		}
		opts := append([]connect.ClientOption{connect.WithInterceptors(present)}, opts...)
		for shape, call := range calls {
			if err := call(deadline(t), c, nil, opts); err != nil {
				t.Errorf("%s, %s: %v", protocol, shape, err)
			}
		}
		before := c.issuer.Requests(testutil.Token)
		if err := c.revoked.Revoke(revocation.Entry{Issuer: issuerURL, Client: "customer-portal", IssuedBefore: time.Now(), Expires: time.Now().Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		_ = calls["unary"](deadline(t), c, nil, opts) // its second token is of the same second
		if got := c.issuer.Requests(testutil.Token) - before; got != 1 {
			t.Errorf("%s: %d new tokens were requested after the revocation, want 1", protocol, got)
		}
	}
}

// TestClientTellsRefusals shows that the error of a refused call wraps a RefusedError, and
// that a handler which returns it tells its own peer nothing of it.
func TestClientTellsRefusals(t *testing.T) {
	t.Setenv("CONNECTGUARD_SECRET", "secret")
	back := newCompany(t, &orders{})
	as := newClient(t, back, "customer-portal")
	present, err := connectguard.ClientInterceptor(as, "order-status", back.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	update := connect.NewClient[ordersv1.UpdateOrderStatusRequest, ordersv1.UpdateOrderStatusResponse](back.http(), back.server.URL+updateOrder, connect.WithInterceptors(present))
	call := func(ctx context.Context) error {
		_, err := update.CallUnary(ctx, connect.NewRequest(&ordersv1.UpdateOrderStatusRequest{}))
		return err
	}
	err = call(deadline(t))
	refusal, refused := errors.AsType[*interceptor.RefusedError](err)
	if !refused || refusal.Reason != audience.ReasonClientNotAllowed || refusal.Service != "order-status" || connect.CodeOf(err) != connect.CodePermissionDenied {
		t.Fatalf("got %v, want a RefusedError with %s", err, audience.ReasonClientNotAllowed)
	}
	front := newCompany(t, &orders{get: func(ctx context.Context, _ *connect.Request[ordersv1.GetOrderStatusRequest]) (*connect.Response[ordersv1.GetOrderStatusResponse], error) {
		return nil, call(ctx)
	}})
	for protocol, opts := range protocols {
		err := calls["unary"](deadline(t), front, bearer(front.mint(nil)), opts)
		if connect.CodeOf(err) != connect.CodeInternal || reasonOf(err) != "" || strings.Contains(err.Error(), "customer-portal") {
			t.Errorf("%s: the peer of the handler is told %v with reason %q, want %v alone", protocol, err, reasonOf(err), connect.CodeInternal)
		}
	}
}

// TestEndedCallsAreNotRepeated shows that a call whose token was revoked while its handler
// worked is not made once more: the handler would run twice.
func TestEndedCallsAreNotRepeated(t *testing.T) {
	t.Setenv("CONNECTGUARD_SECRET", "secret")
	for protocol, opts := range protocols {
		for shape, call := range map[string]func(context.Context, *company, http.Header, []connect.ClientOption) error{"unary": calls["unary"], "stream": drain} {
			o := &orders{}
			c := newCompany(t, o)
			revoke := func() {
				if err := c.revoked.Revoke(revocation.Entry{Issuer: issuerURL, Client: "customer-portal", IssuedBefore: time.Now(), Expires: time.Now().Add(time.Hour)}); err != nil {
					t.Error(err)
				}
			}
			o.get = func(ctx context.Context, _ *connect.Request[ordersv1.GetOrderStatusRequest]) (*connect.Response[ordersv1.GetOrderStatusResponse], error) {
				revoke()
				<-ctx.Done()
				return nil, ctx.Err()
			}
			o.watch = func(ctx context.Context, _ *connect.Request[ordersv1.WatchOrderStatusRequest], _ *connect.ServerStream[ordersv1.WatchOrderStatusResponse]) error {
				revoke()
				<-ctx.Done()
				return ctx.Err()
			}
			present, err := connectguard.ClientInterceptor(newClient(t, c, "customer-portal"), "order-status", c.server.URL)
			if err != nil {
				t.Fatal(err)
			}
			err = call(deadline(t), c, nil, append([]connect.ClientOption{connect.WithInterceptors(present)}, opts...))
			refusal, refused := errors.AsType[*interceptor.RefusedError](err)
			if !refused || refusal.Reason != audience.ReasonTokenRevoked || !refusal.Ended {
				t.Errorf("%s, %s: got %v, want a RefusedError with %s that says that the call had begun", protocol, shape, err, audience.ReasonTokenRevoked)
			}
			if got := c.issuer.Requests(testutil.Token); got != 1 {
				t.Errorf("%s, %s: %d tokens were requested, want 1, since the call is not repeated", protocol, shape, got)
			}
		}
	}
}

// drain opens a stream and reads all of it.
func drain(ctx context.Context, c *company, header http.Header, opts []connect.ClientOption) error {
	stream, err := openStream(ctx, c, header, opts)
	if err != nil {
		return err
	}
	defer stream.Close()
	for stream.Receive() {
	}
	return stream.Err()
}

// TestClientSendsTokensToTheirServiceOnly shows what is refused before a token is sent.
func TestClientSendsTokensToTheirServiceOnly(t *testing.T) {
	t.Setenv("CONNECTGUARD_SECRET", "secret")
	c := newCompany(t, &orders{})
	as := newClient(t, c, "customer-portal")
	for want, row := range map[string][2]string{
		"human-resource":             {"human-resource", c.server.URL},
		"is no address":              {"order-status", "orders.example.com"},
		`"https://:443"`:             {"order-status", "https://:443"},
		`"ftp://orders.example.com"`: {"order-status", "ftp://orders.example.com"},
		"no address of a service":    {"order-status", "https://user:secret@orders.example.com"},
	} {
		_, err := connectguard.ClientInterceptor(as, row[0], row[1])
		contains(t, err, want)
		if err != nil && strings.Contains(err.Error(), "secret@") {
			t.Errorf("the error shows a password: %v", err)
		}
	}
	var reached int
	count := connect.HTTPClient(doer(func(r *http.Request) (*http.Response, error) {
		reached++
		return nil, errors.New("reached")
	}))
	for name, row := range map[string]struct{ given, called string }{
		"another host":     {c.server.URL, "https://people.example.com"},
		"plain http":       {"http://orders.example.com", "http://orders.example.com"},
		"plain http, here": {"http://127.0.0.1:8080", "http://127.0.0.1:8080"},
	} {
		present, err := connectguard.ClientInterceptor(as, "order-status", row.given)
		if err != nil {
			t.Fatal(err)
		}
		unary := connect.NewClient[ordersv1.GetOrderStatusRequest, ordersv1.GetOrderStatusResponse](count, row.called+getOrder, connect.WithInterceptors(present))
		_, err = unary.CallUnary(deadline(t), connect.NewRequest(&ordersv1.GetOrderStatusRequest{}))
		watch := connect.NewClient[ordersv1.WatchOrderStatusRequest, ordersv1.WatchOrderStatusResponse](count, row.called+watchOrder, connect.WithInterceptors(present))
		_, errStream := watch.CallServerStream(deadline(t), connect.NewRequest(&ordersv1.WatchOrderStatusRequest{}))
		if err == nil || errStream == nil || reached != 0 || c.issuer.Requests(testutil.Token) != 0 {
			t.Errorf("%s: %v, %v; %d requests, %d tokens; want errors and none", name, err, errStream, reached, c.issuer.Requests(testutil.Token))
		}
	}
}

type doer func(*http.Request) (*http.Response, error)

func (d doer) Do(r *http.Request) (*http.Response, error) { return d(r) }
